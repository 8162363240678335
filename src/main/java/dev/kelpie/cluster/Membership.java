package dev.kelpie.cluster;

import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/// This node's place in the cluster: it announces itself, follows the map, and makes the next one
/// while it leads. Everything happens in [#step], which whoever drives it calls again and again,
/// from one task; the questions may be asked by any.
///
/// A node serves only while [#mayServe]: its record is certain to be there yet (so nobody has taken
/// it for dead), the map has this life of it up, and the map is no older than one it has seen.
/// Where its record is lost, it comes back as another incarnation, which serves once the map says
/// so.
///
/// The leader is who has the record `leader`. That two believe they lead does no harm: each map is
/// made by compare-and-set on the one before.
public final class Membership {
  /// Records of nodes that are there; the rest of the key is the node's name.
  static final String LIVE = "live/";

  static final String LEADER = "leader";

  /// Changes that come together make one epoch.
  static final Duration SETTLE = Duration.ofMillis(200);

  /// How often everything is looked at, whatever was told.
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

  /// How long who holds the map may take to change it. It reads some records and commits; where it
  /// is slower, it begins again.
  static final Duration HOLD_LIMIT = Duration.ofSeconds(5);

  private final Coordination records;
  private final ClusterBook book;
  private final EpochMemory memory;
  private final MapRules rules;
  private final Clock clock;
  private final LongSupplier lives;
  private final Log log;
  private final Identity self;
  private final HomeCluster home;
  private final Map<String, Sighting> sightings = new HashMap<>();
  private final Duration settle;

  private volatile Optional<Life> life = Optional.empty();
  private volatile Optional<Cluster> map = Optional.empty();

  /// The life that the map has up; empty where it has none of this node's.
  private volatile Optional<Life> seated = Optional.empty();

  /// What the record says of the life that is announced.
  private Optional<Announcement> said = Optional.empty();

  /// Of which cluster that has objects.
  private volatile long saidCluster;

  private volatile boolean resting;
  private volatile boolean done;
  private Edition edition = Edition.NONE;
  private Optional<Hold> hold = Optional.empty();
  private Optional<Presence> lead = Optional.empty();
  private Optional<Long> unsettledSince = Optional.empty();
  private boolean saidTaken;

  /// A hold, and since when it is seen, in nanoseconds of the clock.
  private record Hold(long version, long since) {}

  /// Since when a life of a node is seen without a break, in nanoseconds of the clock.
  private record Sighting(long incarnation, long since) {}

  /// @param settings when nodes go down and out
  /// @param lives gives each life of this node a number of its own; the same for each where an
  ///   earlier life is certain to be over
  public Membership(
      Coordination records,
      ClusterBook book,
      EpochMemory memory,
      MapSettings settings,
      Clock clock,
      LongSupplier lives,
      Log log,
      Identity self,
      HomeCluster home) {
    this.records = records;
    this.book = book;
    this.memory = memory;
    this.rules = new MapRules(settings);
    this.clock = clock;
    this.lives = lives;
    this.log = log;
    this.self = self;
    this.home = home;
    this.settle = settings.outAfter().isZero() ? Duration.ZERO : SETTLE;
  }

  /// Whether this node may answer clients now. Cheap enough to ask before each answer.
  public boolean mayServe() {
    Optional<Life> now = seated;
    return now.isPresent() && now.get().presence().lease() > 0;
  }

  /// The life of this node that is announced; empty for none, and where others do not yet know
  /// which cluster its objects belong to.
  public Optional<Life> life() {
    return saidCluster == home.cluster() ? life : Optional.empty();
  }

  /// The map as this node last saw it; empty where the cluster is not formatted.
  public Optional<Cluster> map() {
    return map;
  }

  /// The nodes stop together: from now on this one makes no map, or they would find each other
  /// gone, one after the other, and begin to copy.
  public void rest() {
    resting = true;
  }

  /// This node has nothing to ask of others any more; they are told with the next [#step].
  public void done() {
    done = true;
  }

  /// Which life of this node is announced; 0 for none.
  long incarnation() {
    return life.map(Life::incarnation).orElse(0L);
  }

  /// Whether this node believes that it leads.
  boolean leads() {
    return lead.isPresent();
  }

  /// Looks at everything once and does what is to be done.
  ///
  /// @return how long nothing more has to be done, unless something changes
  /// @throws IOException where the records cannot be reached, or the map must not be believed; the
  ///   next step tries again
  public Duration step() throws IOException {
    announce();
    follow();
    return contend() && !resting ? govern() : LOOK_AGAIN;
  }

  /// Leaves in good order: others see at once that this node is gone.
  public void leave() throws IOException {
    Optional<Life> last = life;
    life = Optional.empty();
    seated = Optional.empty();
    map = Optional.empty();
    if (lead.isPresent()) {
      lead.get().close();
      lead = Optional.empty();
    }
    if (last.isPresent()) {
      last.get().presence().close();
    }
  }

  private void announce() throws IOException {
    if (life.isPresent() && life.get().presence().lease() > 0) {
      return;
    }
    seated = Optional.empty();
    if (life.isPresent()) {
      log.warn("the others may take this node for dead; it stops serving and joins again");
      Presence last = life.get().presence();
      life = Optional.empty();
      // Nobody may have taken it for dead, and then its record would be in the next one's way.
      last.close();
    }
    long incarnation = lives.getAsLong();
    Announcement words = words(incarnation);
    Optional<Presence> presence =
        records.announce(LIVE + self.member().name(), words.encode(), () -> {});
    if (presence.isPresent()) {
      saying(words);
      life = Optional.of(new Life(incarnation, presence.get()));
      saidTaken = false;
    } else if (!saidTaken) {
      log.notice("an earlier life of this node is not yet taken for dead; it joins when it is");
      saidTaken = true;
    }
  }

  private Announcement words(long incarnation) {
    return new Announcement(self, incarnation, home.cluster(), done);
  }

  /// Everybody knows which cluster this node's objects belong to before it has any: who formats a
  /// cluster counts on that.
  private void follow() throws IOException {
    edition = believed();
    Optional<Cluster> now = edition.cluster();
    tell();
    map = now;
    Optional<Life> mine = life;
    seated =
        mine.filter(m ->
            now.flatMap(c -> c.seat(self.member()))
                .filter(seat -> seat.isUp(m.incarnation()))
                .isPresent());
  }

  /// The cluster's record as it is now, where this node may go by it.
  private Edition believed() throws IOException {
    for (Edition now = book.edition(); ; now = book.edition()) {
      try {
        if (now.cluster().isPresent()) {
          home.enter(now.cluster().get());
          memory.see(now.cluster().get());
        } else {
          clear(now);
        }
        return now;
      } catch (EpochMemory.OldMap | HomeCluster.Foreign e) {
        // Somebody else in this node may have seen a later one meanwhile.
        if (book.edition().version() == now.version()) {
          map = Optional.empty();
          seated = Optional.empty();
          throw e;
        }
      }
    }
  }

  /// Removes what this node has of a cluster that an operator has ended. The membership does so by
  /// itself; who wants to know how it goes may ask for it.
  ///
  /// @param now the cluster's record as it was just read
  public void clear(Edition now) throws IOException {
    if (home.clear(now)) {
      log.notice("the cluster was ended; everything that this node had of it is removed");
    }
  }

  private void tell() throws IOException {
    if (life.isPresent()) {
      Announcement words = words(life.get().incarnation());
      if (!said.equals(Optional.of(words))) {
        life.get().presence().update(words.encode());
        saying(words);
      }
    }
  }

  private void saying(Announcement words) {
    said = Optional.of(words);
    saidCluster = words.cluster();
  }

  /// @return whether this node leads
  private boolean contend() throws IOException {
    if (life.isEmpty()) {
      return false;
    }
    if (lead.isPresent() && lead.get().lease() <= 0) {
      Presence last = lead.get();
      lead = Optional.empty();
      last.close();
    }
    if (lead.isEmpty()) {
      byte[] name = self.member().name().getBytes(StandardCharsets.UTF_8);
      lead = records.announce(LEADER, name, () -> {});
      unsettledSince = Optional.empty();
      sightings.clear();
    }
    return lead.isPresent();
  }

  /// Makes the next map where there is to be one.
  ///
  /// @return when to look again
  private Duration govern() throws IOException {
    if (map.isEmpty()) {
      return LOOK_AGAIN;
    }
    Cluster before = map.get();
    Map<String, MapRules.Live> live = live(before);
    long now = clock.now().getEpochSecond();
    List<Seat> seats = rules.next(before.seats(), live, before.format().copies(), now);
    if (seats.equals(before.seats())) {
      unsettledSince = Optional.empty();
      releaseIfAbandoned();
      return LOOK_AGAIN;
    }
    long moment = clock.nanos();
    long since = unsettledSince.orElse(moment);
    Duration left = settle.minusNanos(moment - since);
    if (left.isPositive()) {
      unsettledSince = Optional.of(since);
      return left;
    }
    unsettledSince = Optional.empty();
    if (book.advance(before.current().number(), seats, clock.now())) {
      log.notice(
          "epoch " + (before.current().number() + 1) + ": " + differences(before.seats(), seats));
    }
    follow();
    return Duration.ZERO;
  }

  /// Who held the map and did not change it is gone, or found that nothing was to be changed any
  /// more. Where something is, the change ends the hold.
  private void releaseIfAbandoned() throws IOException {
    if (!edition.held()) {
      hold = Optional.empty();
      return;
    }
    long moment = clock.nanos();
    Hold seen =
        hold.filter(h -> h.version == edition.version())
            .orElse(new Hold(edition.version(), moment));
    hold = Optional.of(seen);
    if (moment - seen.since >= HOLD_LIMIT.toNanos()) {
      book.release(edition);
    }
  }

  /// The nodes that can be seen and may take part.
  private Map<String, MapRules.Live> live(Cluster cluster) throws IOException {
    Map<String, MapRules.Live> live = new HashMap<>();
    long moment = clock.nanos();
    for (Announcement node : Roll.call(records)) {
      if (!node.fits(cluster)) {
        continue; // it says so itself
      }
      String name = node.member().name();
      Sighting known = sightings.get(name);
      if (known == null || known.incarnation != node.incarnation()) {
        known = new Sighting(node.incarnation(), moment);
        sightings.put(name, known);
      }
      Duration seen = Duration.ofNanos(moment - known.since);
      live.put(name, new MapRules.Live(node.member(), node.incarnation(), seen));
    }
    sightings.keySet().retainAll(live.keySet());
    return live;
  }

  /// What became of whom, for people.
  private static String differences(List<Seat> before, List<Seat> after) {
    StringBuilder text = new StringBuilder();
    for (Seat seat : after) {
      Optional<Seat> old =
          before.stream().filter(b -> b.member().sameNode(seat.member())).findFirst();
      if (old.isEmpty() || !old.get().equals(seat)) {
        text.append(text.isEmpty() ? "" : ", ").append(seat.member().name());
        text.append(
            switch (seat.state()) {
              case UP ->
                  old.filter(o -> o.state() == Seat.State.UP).isPresent() ? " anew" : " is up";
              case DOWN -> " is down";
              case OUT -> " is out";
            });
      }
    }
    return text.isEmpty() ? "a node that stores nothing left" : text.toString();
  }
}
