package dev.kelpie.replica;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.cluster.Cluster;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.InDoubt;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.cluster.Edition;
import dev.kelpie.cluster.EpochMemory;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Life;
import dev.kelpie.cluster.Member;
import dev.kelpie.cluster.Seat;
import dev.kelpie.placement.Site;
import dev.kelpie.placement.SlotHolders;
import dev.kelpie.placement.Slots;
import dev.kelpie.replica.SlotTable.Proven;
import dev.kelpie.testing.MemoryCoordination;
import dev.kelpie.testing.MemoryDisk;
import dev.kelpie.wire.NodeAddress;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What a node knows of the slots, and what it may change.
final class SlotBookTest {
  private static final Instant NOW = Instant.EPOCH;
  private static final int COPIES = 3;
  private static final List<Integer> ALL = IntStream.range(0, Slots.COUNT).boxed().toList();

  private final MemoryCoordination records = new MemoryCoordination();
  private final SlotRules rules = SlotRules.forCopies(COPIES);
  private final ClusterBook maps = maps();

  private SlotBookTest() throws IOException {}

  private ClusterBook maps() throws IOException {
    return new ClusterBook(records, new SlotFollower(records));
  }

  private static Member member(int number) {
    return new Member(InetAddress.getLoopbackAddress(), 7000 + number, 128, number, 1L << 40);
  }

  private static String name(int number) {
    return member(number).name();
  }

  private static Seat seat(int number, Seat.State state, long incarnation) {
    return new Seat(member(number), state, incarnation, 0, false, List.of());
  }

  private static Seat up(int number) {
    return seat(number, Seat.State.UP, 0);
  }

  /// In another life.
  private static Seat anew(int number) {
    return seat(number, Seat.State.UP, 1);
  }

  private static Seat down(int number) {
    return seat(number, Seat.State.DOWN, 0);
  }

  private void format(int... numbers) throws IOException {
    maps.format(
        new Format(1, COPIES, 0, 0, "plain"),
        Arrays.stream(numbers).mapToObj(SlotBookTest::member).toList(),
        NOW);
  }

  private void advance(Seat... seats) throws IOException {
    assertTrue(maps.advance(maps.epoch(), List.of(seats), NOW));
  }

  /// A presence whose lease the test sets.
  private static final class Lease implements Coordination.Presence {
    private volatile long left = 1;

    @Override
    public long lease() {
      return left;
    }

    @Override
    public void update(byte[] value) {
      throw new UnsupportedOperationException("nobody updates it");
    }

    @Override
    public void close() {}
  }

  private SlotBook book(int number) throws IOException {
    return book(number, new Lease());
  }

  private SlotBook book(int number, Lease lease) throws IOException {
    Optional<Life> life = Optional.of(new Life(0, lease));
    return new SlotBook(records, maps(), memory(), () -> life, member(number));
  }

  private static EpochMemory memory() throws IOException {
    MemoryDisk disk = new MemoryDisk();
    return new EpochMemory(disk, disk.directories("/node"));
  }

  private static SlotConfig config(SlotBook book, int slot) {
    return book.of(slot).orElseThrow();
  }

  /// A slot that this node leads.
  private static int led(SlotBook book, int number, int among) {
    return IntStream.range(0, among)
        .filter(slot -> config(book, slot).isPrimary(name(number)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void beforeTheFormatThereIsNothing() throws IOException {
    SlotBook book = book(0);
    assertEquals(Optional.empty(), book.of(0));
    assertEquals(Optional.empty(), book.look(7));
    assertEquals(List.of(), book.holders(0));
    assertFalse(book.isIn() || book.mayServe() || book.nodes().isUp().test(name(0)));
    SlotConfig config = rules.first(List.of(name(0)), book.nodes());
    assertFalse(book.commit(0, config, config));
  }

  @Test
  void formatGivesEverySlotItsHolders() throws IOException {
    SlotBook early = book(0);
    format(0, 1, 2, 3, 4);
    SlotBook book = book(1);
    SlotHolders placed =
        new SlotHolders(
            IntStream.range(0, 5)
                .mapToObj(i ->
                    new Site(NodeAddress.of(new byte[] {127, 0, 0, 1}, 7000 + i).hash(), 128, i))
                .toList(),
            COPIES);
    for (int slot : ALL) {
      List<String> holders = Arrays.stream(placed.of(slot)).mapToObj(SlotBookTest::name).toList();
      assertEquals(COPIES, holders.size());
      assertEquals(holders, book.holders(slot));
      List<Acting> acting = holders.stream().map(node -> new Acting(node, true)).toList();
      SlotConfig expected = new SlotConfig(1, acting, Optional.of(holders.getFirst()), 1);
      assertEquals(Optional.of(expected), book.of(slot));
    }
    assertTrue(book.isIn() && book.mayServe());
    assertSame(book.holders(5), book.holders(5), "they are found once");
    assertEquals(Optional.empty(), early.of(0), "it has not looked");
    assertEquals(book.of(300), early.look(300));
    assertEquals(book.of(9000), early.of(9000), "with another map all is read");
  }

  @Test
  void nodeThatGoesDownLeavesInTheCommitThatSaysSo() throws IOException {
    format(0, 1, 2, 3);
    SlotBook book = book(0);
    SlotBook before = book(0);
    advance(up(0), up(1), up(2), down(3));
    book.lookAtEverything();
    int left = 0;
    for (int slot : ALL) {
      SlotConfig old = config(before, slot);
      SlotConfig now = config(book, slot);
      assertEquals(rules.settle(old, book.holders(slot), book.nodes()), now);
      assertFalse(now.isActing(name(3)));
      assertEquals(old.isActing(name(3)) ? 2 : 1, now.ballot());
      left += old.isActing(name(3)) ? 1 : 0;
    }
    assertTrue(left > Slots.COUNT / 2, left + " of " + Slots.COUNT);
    assertFalse(book.nodes().isUp().test(name(3)));
    assertEquals(before.holders(0), book.holders(0), "it is in yet");
  }

  @Test
  void whereTooFewAreUpTheSetStays() throws IOException {
    format(0, 1, 2);
    advance(up(0), down(1), down(2));
    SlotBook book = book(0);
    for (int slot : ALL) {
      SlotConfig config = config(book, slot);
      assertEquals(3, config.acting().size());
      assertEquals(Optional.of(name(0)), config.primary());
    }
  }

  @Test
  void nodeThatRestartsIsNotIntactAndHasAnotherBallot() throws IOException {
    format(0, 1, 2);
    SlotBook before = book(0);
    advance(up(0), up(1), seat(2, Seat.State.UP, 9));
    SlotBook book = book(2);
    for (int slot : ALL) {
      SlotConfig config = config(book, slot);
      assertEquals(2, config.ballot());
      assertEquals(config(before, slot).primary(), config.primary());
      for (Acting acting : config.acting()) {
        assertEquals(!acting.node().equals(name(2)), acting.intact());
      }
    }
    assertFalse(book.isIn(), "this life of it is not in the map");
  }

  @Test
  void recordsInWhichNothingChangesAreNotWritten() throws IOException {
    format(0, 1, 2);
    Member gateway = new Member(InetAddress.getLoopbackAddress(), 8000, 0, 9, 0);
    advance(up(0), up(1), up(2), Seat.of(gateway, 5, 0));
    assertEquals(List.of(1L), versions());
    SlotBook book = book(0);
    assertEquals(1, config(book, 0).ballot());
    assertTrue(book.nodes().isUp().test(gateway.name()));
  }

  /// Of all records.
  private List<Long> versions() throws IOException {
    return records.list("slots/").stream().map(Stored::version).distinct().toList();
  }

  @Test
  void primaryLetsOthersJoinAndLeaveAndGivesTheSlotAway() throws IOException {
    format(0, 1, 2);
    advance(up(0), up(1), up(2), up(3));
    SlotBook book = book(0);
    int slot = led(book, 0, Slots.COUNT);
    SlotConfig before = config(book, slot);
    SlotConfig joined = rules.join(before, name(3), book.nodes());
    assertTrue(join(book, slot, before, joined));
    assertEquals(joined, config(book, slot), "it knows without a look");
    assertFalse(join(book, slot, before, joined), "that was before");
    SlotConfig left = rules.leave(joined, name(1));
    assertTrue(book.commit(slot, joined, left));
    SlotConfig given = rules.handOver(left, name(2));
    assertTrue(book.commit(slot, left, given));
    SlotBook other = book(2);
    assertEquals(given, config(other, slot));
    SlotConfig equal = rules.equal(given);
    assertTrue(other.commit(slot, given, equal));
    assertEquals(Optional.of(equal), book.look(slot));
  }

  @Test
  void joinUnderAnOutdatedMapIsRefused() throws IOException {
    format(0, 1, 2);
    advance(up(0), up(1), up(2), up(3));
    SlotBook book = book(0);
    int slot = led(book, 0, Slots.COUNT);
    SlotConfig before = config(book, slot);
    SlotConfig joined = rules.join(before, name(3), book.nodes());
    advance(up(0), up(1), up(2), down(3));
    assertFalse(join(book, slot, before, joined));
    assertEquals(before, config(book, slot), "the slot has not changed, but the map has");
    assertFalse(book.nodes().isUp().test(name(3)), "and it is known now");
    assertFalse(join(book, slot, before, joined), "what was decided before is not right now");
    SlotConfig equal = rules.handOver(before, name(1));
    assertTrue(book.commit(slot, before, equal), "what is right is made");
  }

  /// What it has shown before its restart says nothing of what it has.
  @Test
  void nodeThatRestartedSinceItShowedWhatItHasDoesNotJoin() throws IOException {
    format(0, 1, 2);
    advance(up(0), up(1), up(2), up(3));
    SlotBook book = book(0);
    int slot = led(book, 0, Slots.COUNT);
    SlotConfig before = config(book, slot);
    SlotConfig joined = rules.join(before, name(3), book.nodes());
    Optional<Proven> proven = proven(book, 3);
    advance(up(0), up(1), up(2), anew(3));
    book.lookAtEverything();
    assertFalse(book.commit(slot, before, joined, proven));
    assertTrue(book.commit(slot, before, joined, proven(book, 3)), "the next life may show it too");
  }

  @Test
  void changeOfTheMapThatDoesNotConcernWhoJoinsDoesNoHarm() throws IOException {
    format(0, 1, 2);
    advance(up(0), up(1), up(2), up(3));
    SlotBook book = book(0);
    int slot = led(book, 0, Slots.COUNT);
    SlotConfig before = config(book, slot);
    SlotConfig joined = rules.join(before, name(3), book.nodes());
    Optional<Proven> proven = proven(book, 3);
    advance(up(0), up(1), up(2), up(3), up(4));
    book.lookAtEverything();
    assertTrue(book.commit(slot, before, joined, proven));
  }

  @Test
  void nobodyJoinsWhoHasShownNothing() throws IOException {
    format(0, 1, 2);
    advance(up(0), up(1), up(2), up(3), up(4));
    SlotBook book = book(0);
    int slot = led(book, 0, Slots.COUNT);
    SlotConfig before = config(book, slot);
    SlotConfig joined = rules.join(before, name(3), book.nodes());
    assertFalse(book.commit(slot, before, joined));
    assertFalse(book.commit(slot, before, joined, proven(book, 4)));
  }

  private static Optional<Proven> proven(SlotBook book, int node) {
    return book.life(name(node)).stream().mapToObj(life -> new Proven(name(node), life)).findAny();
  }

  /// The last of a configuration's nodes has just joined, in the life that is known.
  private static boolean join(SlotBook book, int slot, SlotConfig before, SlotConfig joined)
      throws IOException {
    String node = joined.nodes().getLast();
    return book.commit(
        slot, before, joined, Optional.of(new Proven(node, book.life(node).orElse(-1))));
  }

  /// The rules change with the number of copies.
  @Test
  void rulesAreThoseOfTheMap() throws IOException {
    format(0, 1, 2);
    SlotBook book = book(0);
    assertEquals(new SlotRules(2), book.rules());
    maps.alterCopies(5);
    book.lookAtEverything();
    assertEquals(new SlotRules(3), book.rules());
    SlotConfig last = config(book, 0);
    maps.unformat();
    book.lookAtEverything();
    assertFalse(book.rules().isActive(last, book.nodes()));
  }

  /// The map's commit reads the record, and has nothing to change in it; then a node joins that is
  /// down in that map.
  @Test
  void nodeThatJoinsWhileItGoesDownLeavesAgain() throws IOException {
    maps.format(new Format(1, 1, 0, 0, "plain"), List.of(member(0)), NOW);
    advance(up(0), up(1));
    SlotBook book = book(0);
    SlotConfig before = config(book, 0);
    SlotConfig joined = new SlotRules(1).join(before, name(1), book.nodes());
    records.beforeNextCommit(() -> run(() -> assertTrue(join(book, 0, before, joined))));
    advance(up(0), down(1));
    assertEquals(List.of(name(0)), book.look(0).orElseThrow().nodes());
    assertEquals(3, config(book, 0).ballot());
    assertEquals(1, config(book, 1).ballot());
  }

  @Test
  void joinWhileTheMapChangesIsRefused() throws IOException {
    format(0, 1, 2);
    advance(up(0), up(1), up(2), up(3));
    SlotBook book = book(0);
    int slot = led(book, 0, Slots.COUNT);
    SlotConfig before = config(book, slot);
    SlotConfig joined = rules.join(before, name(3), book.nodes());
    records.beforeNextCommit(() -> run(() -> advance(up(0), up(1), up(2), down(3))));
    assertFalse(join(book, slot, before, joined));
    assertEquals(Optional.of(before), book(1).of(slot));
  }

  private interface Action {
    void run() throws IOException;
  }

  private static void run(Action action) {
    try {
      action.run();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void twoPrimariesOfOneRecordBothSucceed() throws IOException {
    format(0, 1, 2);
    SlotBook one = book(0);
    SlotBook other = book(1);
    int mine = led(one, 0, SlotShard.SLOTS);
    int others = led(one, 1, SlotShard.SLOTS);
    records.beforeNextCommit(() -> run(() -> assertTrue(step(other, others))));
    assertTrue(step(one, mine));
    SlotBook now = book(2);
    assertEquals(2, config(now, mine).ballot());
    assertEquals(2, config(now, others).ballot());
  }

  /// A change that can always be made: the primary gives the slot to itself.
  private boolean step(SlotBook book, int slot) throws IOException {
    SlotConfig before = config(book, slot);
    return book.commit(slot, before, rules.handOver(before, before.primary().orElseThrow()));
  }

  @Test
  void manyPrimariesOfOneRecordAllSucceedAtOnce() throws Exception {
    format(0, 1, 2);
    List<FutureTask<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int slot = i;
      SlotBook book = book(i % 3);
      tasks.add(started(() -> allStepped(book, slot)));
    }
    for (FutureTask<Boolean> task : tasks) {
      assertTrue(task.get());
    }
    SlotBook book = book(0);
    for (int slot = 0; slot < 8; slot++) {
      assertEquals(1 + STEPS, config(book, slot).ballot());
    }
  }

  private static final int STEPS = 50;

  private boolean allStepped(SlotBook book, int slot) throws IOException {
    int made = 0;
    for (int i = 0; i < STEPS; i++) {
      made += step(book, slot) ? 1 : 0;
    }
    return made == STEPS;
  }

  private static FutureTask<Boolean> started(Callable<Boolean> body) {
    FutureTask<Boolean> task = new FutureTask<>(body);
    Thread.startVirtualThread(task);
    return task;
  }

  @Test
  void afterADoubtALookTells() throws IOException {
    format(0, 1, 2);
    SlotBook book = book(0);
    SlotConfig before = config(book, 0);
    SlotConfig after = rules.leave(before, before.nodes().getLast());
    records.loseNextAnswer();
    assertThrows(InDoubt.class, () -> book.commit(0, before, after));
    assertEquals(before, config(book, 0));
    assertEquals(Optional.of(after), book.look(0));
  }

  @Test
  void primariesThatCommitAllTheTimeDoNotKeepTheMapFromChanging() throws IOException {
    format(0, 1, 2);
    SlotBook busy = book(0);
    boolean[] inside = {false};
    int[] made = {0};
    records.beforeCommits(() -> {
      if (!inside[0]) {
        inside[0] = true;
        run(() -> {
          busy.look(0);
          made[0] += step(busy, 0) ? 1 : 0;
        });
        inside[0] = false;
      }
    });
    advance(up(0), up(1), down(2));
    assertEquals(2, made[0], "before the first try, and before the hold");
    records.beforeCommits(() -> {});
    busy.look(0);
    assertEquals(2, config(busy, 0).acting().size());
    assertTrue(step(busy, 0), "and it goes on");
  }

  @Test
  void nothingIsCommittedUnderAMapThatIsHeld() throws IOException {
    format(0, 1, 2);
    SlotBook book = book(0);
    Stored map = records.read("cluster").orElseThrow();
    byte[] held = map.value().clone();
    held[1] = 1;
    assertTrue(records.commit(List.of(new Put("cluster", Optional.of(held), map.version()))));
    assertFalse(step(book, 0), "it finds out");
    assertTrue(book.edition().held());
    assertFalse(step(book, 0), "and does not try");
    assertEquals(List.of(1L), versions());
    advance(up(0), up(1), up(2));
    book.lookAtEverything();
    assertTrue(step(book, 0));
  }

  @Test
  void endOfTheClusterIsTheEndOfAllConfigurations() throws IOException {
    format(0, 1, 2);
    SlotBook book = book(0);
    SlotConfig before = config(book, 0);
    maps.unformat();
    assertEquals(before, config(book, 0), "it has not looked");
    assertFalse(book.commit(0, before, rules.handOver(before, name(1))));
    assertEquals(Optional.empty(), book.of(0));
    assertEquals(Optional.empty(), book.look(0));
    assertEquals(List.of(), book.holders(0));
    assertFalse(book.isIn());
  }

  /// What was sent in the name of a configuration of the cluster before is not taken for one of
  /// this.
  @Test
  void ballotsGoOnWhereTheClusterIsFormattedAnew() throws IOException {
    format(0, 1, 2);
    SlotBook late = book(0);
    assertTrue(step(late, 0));
    SlotConfig before = config(late, 0);
    Edition then = late.edition();
    maps.unformat();
    format(0, 1, 2);
    assertTrue(step(book(1), 0));
    assertEquals(then.cluster(), maps.cluster(), "the clusters look alike");
    assertFalse(late.commit(0, before, rules.handOver(before, name(1))));
    SlotConfig now = config(late, 0);
    assertEquals(5, now.ballot(), "the end and the new beginning count");
    assertEquals(3, now.acting().size());
    assertEquals(3, config(late, 1).ballot());
  }

  @Test
  void formatWithoutAnEndBeginsAnewToo() throws IOException {
    format(0, 1, 2);
    maps.format(new Format(2, 1, 0, 0, "plain"), List.of(member(1)), NOW);
    SlotBook book = book(1);
    for (int slot : ALL) {
      List<Acting> alone = List.of(new Acting(name(1), true));
      assertEquals(new SlotConfig(2, alone, Optional.of(name(1)), 2), config(book, slot));
    }
  }

  @Test
  void clusterThatNobodyStoresForBeginsWithTheFirstHolders() throws IOException {
    format();
    SlotBook book = book(0);
    assertEquals(new SlotConfig(1, List.of(), Optional.empty(), 1), config(book, 0));
    advance(seat(0, Seat.State.UP, 7));
    assertEquals(
        new SlotConfig(2, List.of(new Acting(name(0), true)), Optional.of(name(0)), 2),
        book.look(0).orElseThrow());
  }

  @Test
  void clusterFromBeforeThereWereSlotsHasThemWithTheNextMap() throws IOException {
    ClusterBook old = new ClusterBook(records);
    old.format(new Format(1, 1, 0, 0, "plain"), List.of(member(0)), NOW);
    SlotBook book = book(0);
    assertEquals(Optional.empty(), book.of(0));
    assertTrue(maps().advance(1, List.of(up(0), up(1)), NOW));
    book.lookAtEverything();
    for (int slot : ALL) {
      assertEquals(List.of(name(0)), config(book, slot).nodes());
    }
  }

  /// With fewer copies fewer nodes are enough: those that are down have to leave in the same
  /// commit.
  @Test
  void numberOfCopiesChangesWhoIsEnough() throws IOException {
    maps.format(
        new Format(1, 5, 0, 0, "plain"),
        IntStream.range(0, 5).mapToObj(SlotBookTest::member).toList(),
        NOW);
    advance(up(0), up(1), down(2), down(3), down(4));
    SlotBook book = book(0);
    assertEquals(5, config(book, 0).acting().size());
    maps.alterCopies(3);
    book.lookAtEverything();
    assertEquals(2, config(book, 0).acting().size());
    assertEquals(3, book.holders(0).size());
  }

  @Test
  void nodeServesAsLongAsThisLifeOfItIsUpAndItsLeaseLasts() throws IOException {
    format(0, 1, 2);
    Lease lease = new Lease();
    List<Optional<Life>> life = new ArrayList<>(List.of(Optional.of(new Life(0, lease))));
    SlotBook book = new SlotBook(records, maps, memory(), life::getFirst, member(0));
    assertTrue(book.isIn() && book.mayServe());
    lease.left = 0;
    assertTrue(book.isIn());
    assertFalse(book.mayServe());
    lease.left = 1;
    advance(seat(0, Seat.State.UP, 8), up(1), up(2));
    book.look(0);
    assertFalse(book.isIn() || book.mayServe(), "that is another life");
    life.set(0, Optional.of(new Life(8, lease)));
    assertTrue(book.isIn() && book.mayServe());
    advance(seat(0, Seat.State.DOWN, 8), up(1), up(2));
    book.look(0);
    assertFalse(book.isIn() || book.mayServe());
    life.set(0, Optional.empty());
    assertFalse(book.isIn() || book.mayServe());
  }

  @Test
  void recordsFromABackupAreRefused() throws IOException {
    format(0, 1, 2);
    SortedMap<String, Stored> backup = records.backup();
    SlotBook book = book(0);
    assertTrue(step(book, 0));
    SlotConfig last = config(book, 0);
    SlotBook other = book(1);
    records.restore(backup);
    assertThrows(IOException.class, () -> book.look(0));
    assertFalse(book.isIn() || book.mayServe());
    assertEquals(Optional.empty(), book.of(0));
    assertThrows(IOException.class, other::lookAtEverything);
    assertFalse(other.mayServe());
    SlotBook restarted = book(2);
    assertTrue(step(restarted, 0));
    assertTrue(step(restarted, 0));
    assertEquals(3, config(restarted, 0).ballot());
    assertThrows(IOException.class, () -> book.look(0), "nobody knows what was lost");
    assertThrows(IOException.class, book::lookAtEverything);
    assertFalse(book.mayServe() || book.commit(0, last, rules.equal(last)));
  }

  @Test
  void mapFromABackupIsRefused() throws IOException {
    format(0, 1, 2);
    SortedMap<String, Stored> backup = records.backup();
    advance(up(0), up(1), up(2));
    EpochMemory memory = memory();
    Optional<Life> life = Optional.of(new Life(0, new Lease()));
    SlotBook book = new SlotBook(records, maps, memory, () -> life, member(0));
    assertTrue(book.mayServe());
    records.restore(backup);
    assertThrows(EpochMemory.OldMap.class, book::lookAtEverything);
    assertFalse(book.mayServe());
    assertEquals(Optional.empty(), book.of(0));
    Cluster old = maps.look().orElseThrow();
    assertEquals(1, old.current().number());
    assertThrows(
        IOException.class,
        () -> new SlotBook(records, maps, memory, () -> life, member(0)),
        "after a restart too");
  }

  @Test
  void recordsThatCannotBeReachedLeaveWhatIsKnown() throws IOException {
    format(0, 1, 2);
    SlotBook book = book(0);
    SlotConfig before = config(book, 0);
    records.fail(true);
    assertThrows(IOException.class, () -> book.look(0));
    assertThrows(IOException.class, () -> book.commit(0, before, rules.equal(before)));
    assertEquals(before, config(book, 0));
    assertTrue(book.mayServe());
    records.fail(false);
    assertEquals(Optional.of(before), book.look(0));
  }

  @Test
  void questionsOnThePathOfRequestsAllocateNothing() throws IOException {
    format(0, 1, 2);
    SlotBook book = book(0);
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    int served = ask(book);
    long before = threads.getCurrentThreadAllocatedBytes();
    served += ask(book);
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;
    assertEquals(2 * Slots.COUNT, served);
    assertTrue(allocated < Slots.COUNT, () -> "allocated " + allocated);
  }

  private static int ask(SlotBook book) {
    int served = 0;
    for (int slot = 0; slot < Slots.COUNT; slot++) {
      served += book.of(slot).isPresent() && book.mayServe() && book.isIn() ? 1 : 0;
    }
    return served;
  }
}
