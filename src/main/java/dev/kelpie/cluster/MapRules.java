package dev.kelpie.cluster;

import dev.kelpie.cluster.Seat.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What becomes of the map when nodes come and go. Pure: the same map, the same nodes and the same
/// time give the same answer, whoever leads.
///
/// * A node that is gone is *down*: nothing is copied. After a while it is *out*, unless an
///   operator keeps it, or too few zones or too little space would be left.
/// * A node that comes back is up again; one that fell too often lately only after it was there for
///   a while without a break.
/// * What stores nothing goes out at once.
final class MapRules {
  /// Of the space, the part that may be out by itself: more of it gone is a fault of the network or
  /// of the building, which copying would make worse.
  private static final int OUT_PARTS = 4;

  private final MapSettings settings;

  MapRules(MapSettings settings) {
    this.settings = settings;
  }

  /// A node that can be seen.
  ///
  /// @param incarnation of this life of it
  /// @param seen for how long it has been there without a break
  record Live(Member member, long incarnation, Duration seen) {}

  /// The seats after everything that is to change now; the same list where nothing is.
  ///
  /// @param live the nodes that can be seen, by name
  /// @param copies the most that an object has
  /// @param now in seconds since 1970
  List<Seat> next(List<Seat> before, Map<String, Live> live, int copies, long now) {
    List<Seat> after = new ArrayList<>();
    for (Seat seat : before) {
      Optional<Live> here = Optional.ofNullable(live.get(seat.member().name()));
      Seat next = here.isPresent() ? present(seat, here.get(), now) : absent(seat, now);
      if (next.isIn() || stores(next)) {
        after.add(next);
      }
    }
    live.values().stream()
        .filter(l -> before.stream().noneMatch(seat -> seat.member().sameNode(l.member)))
        .sorted(Comparator.comparing(l -> l.member.name()))
        .forEach(l -> after.add(Seat.of(l.member, l.incarnation, now)));
    takeOut(after, copies, now);
    return after.equals(before) ? before : List.copyOf(after);
  }

  /// When something may change without anybody coming or going: the next moment at which a node may
  /// go out, in seconds since 1970; empty for none.
  Optional<Long> nextOut(List<Seat> seats) {
    return seats.stream().filter(this::mayGoOut).map(this::outAt).min(Comparator.naturalOrder());
  }

  private Seat present(Seat seat, Live live, long now) {
    Member member = settled(seat.member(), live.member);
    if (seat.state() == State.UP) {
      boolean same = seat.incarnation() == live.incarnation && seat.member().equals(member);
      return same
          ? seat
          : new Seat(member, State.UP, live.incarnation, seat.since(), seat.kept(), seat.falls());
    }
    if (falls(seat, now) >= Seat.FALLS_MAX && live.seen.compareTo(settings.calm()) < 0) {
      return seat;
    }
    return new Seat(member, State.UP, live.incarnation, now, false, seat.falls());
  }

  /// What counts of a node that is known: its weight stays as it was when it came, or data would
  /// move whenever a file system is a little larger (spec/cluster.md §1.12).
  private static Member settled(Member known, Member live) {
    boolean stores = live.vnodes() > 0;
    return known.zone() == live.zone() && (known.vnodes() > 0) == stores ? known : live;
  }

  private Seat absent(Seat seat, long now) {
    if (seat.state() != State.UP) {
      return seat;
    }
    State next = stores(seat) ? State.DOWN : State.OUT;
    List<Long> falls = new ArrayList<>(seat.falls());
    falls.add(now);
    List<Long> latest = falls.subList(Math.max(0, falls.size() - Seat.FALLS_MAX), falls.size());
    return new Seat(seat.member(), next, seat.incarnation(), now, seat.kept(), latest);
  }

  private long falls(Seat seat, long now) {
    return seat.falls().stream().filter(at -> at > now - settings.flapWindow().toSeconds()).count();
  }

  /// Takes out those whose time is over, the longest away first, as far as that may be.
  private void takeOut(List<Seat> seats, int copies, long now) {
    List<Seat> due =
        seats.stream()
            .filter(seat -> mayGoOut(seat) && outAt(seat) <= now)
            .sorted(Comparator.comparingLong(Seat::since))
            .toList();
    for (Seat seat : due) {
      int at = seats.indexOf(seat);
      seats.set(
          at, new Seat(seat.member(), State.OUT, seat.incarnation(), now, false, seat.falls()));
      if (settings.guarded() && !isEnoughLeft(seats, copies)) {
        seats.set(at, seat);
      }
    }
  }

  private boolean mayGoOut(Seat seat) {
    return seat.state() == State.DOWN && !seat.kept();
  }

  private long outAt(Seat seat) {
    return seat.since() + settings.outAfter().toSeconds();
  }

  private static boolean isEnoughLeft(List<Seat> seats, int copies) {
    long zones =
        seats.stream()
            .filter(seat -> seat.isIn() && stores(seat))
            .map(seat -> seat.member().zone())
            .distinct()
            .count();
    long all = seats.stream().mapToLong(seat -> seat.member().space()).sum();
    long out = seats.stream().filter(seat -> !seat.isIn()).mapToLong(s -> s.member().space()).sum();
    return zones >= copies && out <= all / OUT_PARTS;
  }

  private static boolean stores(Seat seat) {
    return seat.member().vnodes() > 0;
  }
}
