package dev.kelpie.simulation;

import dev.kelpie.simulation.Op.Kind;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;

/// The steps that a seed chooses: single ones, and short runs of steps that bring requests together
/// where caches have gone wrong (spec/protocol-and-cache.md §3.8, §3.9).
final class Script {
  /// Cells of a block, a chunk, an object.
  static final int BLOCK = 4096 / History.CELL;

  static final int CHUNK = 16 * BLOCK;
  static final int OBJECT = 64 * CHUNK;

  /// The most cells of a disk.
  static final int DISK_MAX = 3 * OBJECT;

  private static final List<Gates.Call> CALLS =
      List.of(
          Gates.Call.READ,
          Gates.Call.WRITE,
          Gates.Call.CREATE,
          Gates.Call.REMOVE,
          Gates.Call.FLUSH);

  private static final int STEPS = 50;
  private static final List<Run> RUNS = List.copyOf(EnumSet.allOf(Run.class));

  /// Dice that mean a mode to clients of both protocols.
  private static final int DIRECT = 4;

  private static final int DURABLE = 5;
  private static final int WRITE_BACK = 2;

  /// As many as let the writers of the smallest cache go past it.
  private static final int CROWD_CHUNKS = 62;

  private final RandomGenerator chance;
  private final List<Op> ops = new ArrayList<>();

  /// Where the next steps go, so that they meet.
  private int disk;

  private int first;
  private int count;

  /// Steps about one place that belong together.
  enum Run {
    OVERTAKE_PULL,
    WRITE_DURING_PUSH,
    NAME_DURING_PUSH,
    REMOVE_DURING_PUSH,
    END_DURING_PUSH,
    RESEND,
    FILL,
    END_SOON,
    FAIL_PUSH,
    ROT,
    SNAPSHOT_DURING_PUSH,
    CUT_AFTER_DURABLE,
    MIX_MODES,
    REMOVE_THEN_CUT,
    READ_AHEAD,
    BOOT_AGAIN,
    REUSE_THEN_KILL,
    DELETE_DURING_PUSH,
    LOSE_CACHE,
    WRITE_PAST
  }

  private Script(long seed) {
    this.chance = new SplittableRandom(seed);
  }

  static List<Op> of(long seed) {
    Script script = new Script(seed);
    if (script.chance.nextBoolean()) {
      script.choose();
    } else {
      script.dwell(script.anyRun());
    }
    return List.copyOf(script.ops);
  }

  /// The first seeds whose scripts are about one thing.
  static long[] seeds(Run run, int count) {
    return LongStream.iterate(1, seed -> seed + 1)
        .filter(seed -> {
          Script script = new Script(seed);
          return !script.chance.nextBoolean() && script.anyRun() == run;
        })
        .limit(count)
        .toArray();
  }

  private Run anyRun() {
    return RUNS.get(chance.nextInt(RUNS.size()));
  }

  /// A bit of everything.
  private void choose() {
    while (ops.size() < STEPS) {
      aim();
      if (chance.nextBoolean()) {
        run(anyRun());
      } else {
        step();
      }
    }
  }

  /// One thing several times, and little else.
  private void dwell(Run run) {
    while (ops.size() < STEPS / 2) {
      aim();
      run(run);
      if (chance.nextInt(3) == 0) {
        step();
      }
    }
  }

  /// Chooses a disk and a range.
  private void aim() {
    disk = chance.nextInt(4) == 0 ? chance.nextInt(4) : chance.nextInt(2);
    int object = chance.nextInt(3) * OBJECT;
    int base =
        switch (chance.nextInt(5)) {
          case 0 -> 0;
          case 1 -> CHUNK * (1 + chance.nextInt(3));
          case 2 -> OBJECT;
          case 3 -> CHUNK * chance.nextInt(64);
          default -> chance.nextInt(4 * CHUNK);
        };
    first = Math.max(0, object + base - (chance.nextBoolean() ? chance.nextInt(3 * BLOCK) : 0));
    count =
        switch (chance.nextInt(10)) {
          case 0 -> CHUNK * (1 + chance.nextInt(16));
          case 1, 2 -> BLOCK * (1 + chance.nextInt(20));
          case 3 -> CHUNK;
          default -> 1 + chance.nextInt(3 * BLOCK);
        };
    if (chance.nextInt(3) != 0) {
      first -= first % BLOCK;
    }
  }

  /// Moves the range a little.
  private void shift() {
    if (chance.nextInt(3) == 0) {
      first = Math.max(0, first + chance.nextInt(2 * BLOCK) - BLOCK);
      count = Math.max(1, count + chance.nextInt(BLOCK) - BLOCK / 2);
    }
  }

  private void step() {
    int what = chance.nextInt(100);
    if (what < 30) {
      add(Kind.WRITE);
    } else if (what < 46) {
      add(Kind.READ);
    } else if (what < 56) {
      add(Kind.FLUSH);
    } else if (what < 63) {
      clear();
    } else if (what < 65) {
      add(Kind.DISCARD);
    } else if (what < 68) {
      add(Kind.PREFETCH);
    } else if (what < 71) {
      scan();
    } else if (what < 79) {
      administer();
    } else if (what < 86) {
      hold();
    } else if (what < 89) {
      add(Kind.RELEASE);
    } else if (what < 96) {
      end();
    } else {
      add(Kind.CHECK);
    }
  }

  private void administer() {
    add(
        switch (chance.nextInt(9)) {
          case 0, 1, 2 -> Kind.SNAPSHOT;
          case 3 -> Kind.DELETE_SNAPSHOT;
          case 4, 5 -> Kind.CLONE;
          case 6 -> Kind.DELETE_CLONE;
          default -> Kind.DROP;
        });
  }

  private void end() {
    add(
        switch (chance.nextInt(11)) {
          case 0, 1 -> Kind.KILL;
          case 2, 3 -> Kind.CUT;
          case 4 -> Kind.RESTART;
          case 5 -> Kind.ROT;
          case 6 -> Kind.CACHE_FAULT;
          case 7 -> Kind.CACHE_LOST;
          case 8 -> Kind.DAMAGE;
          default -> Kind.CRASH_SOON;
        });
  }

  private void hold() {
    add(chance.nextInt(4) == 0 ? Kind.FAIL : Kind.HOLD);
  }

  private void clear() {
    if (chance.nextInt(3) == 0) {
      wholeObject();
    }
    add(Kind.CLEAR);
  }

  private void wholeObject() {
    first -= first % OBJECT;
    count = OBJECT;
  }

  private void scan() {
    int atFirst = first;
    int atCount = count;
    wholeObject();
    add(Kind.READ);
    first = atFirst;
    count = atCount;
  }

  /// A run of steps about one place.
  private void run(Run which) {
    switch (which) {
      case OVERTAKE_PULL -> overtakePull();
      case WRITE_DURING_PUSH -> writeDuringPush();
      case NAME_DURING_PUSH -> nameDuringPush();
      case REMOVE_DURING_PUSH -> removeDuringPush();
      case END_DURING_PUSH -> endDuringPush();
      case RESEND -> resend();
      case FILL -> fill();
      case END_SOON -> endSoon();
      case FAIL_PUSH -> failPush();
      case ROT -> rot();
      case SNAPSHOT_DURING_PUSH -> snapshotDuringPush();
      case CUT_AFTER_DURABLE -> cutAfterDurable();
      case MIX_MODES -> mixModes();
      case REMOVE_THEN_CUT -> removeThenCut();
      case READ_AHEAD -> readAhead();
      case BOOT_AGAIN -> bootAgain();
      case REUSE_THEN_KILL -> reuseThenKill();
      case DELETE_DURING_PUSH -> deleteDuringPush();
      case LOSE_CACHE -> loseCache();
      case WRITE_PAST -> writePast();
    }
  }

  /// A write changes the store while a pull is on its way from there.
  private void overtakePull() {
    writeBack();
    add(Kind.DROP);
    hold(Gates.Call.READ, chance.nextInt(4) != 0);
    add(Kind.READ);
    shift();
    if (chance.nextBoolean()) {
      add(Kind.WRITE, 2, DIRECT);
    } else {
      some(1, 3, Kind.WRITE, Kind.WRITE, Kind.CLEAR);
      some(0, 1, Kind.FLUSH, Kind.DROP);
    }
    add(Kind.RELEASE);
    add(Kind.READ);
  }

  private void writeDuringPush() {
    writeBack();
    holdPush();
    add(Kind.FLUSH);
    shift();
    some(1, 3, Kind.WRITE, Kind.WRITE, Kind.FLUSH, Kind.READ);
    add(Kind.RELEASE);
    some(0, 1, Kind.FLUSH);
    some(1, 1, Kind.CUT, Kind.CUT, Kind.KILL, Kind.DROP);
    add(Kind.READ);
  }

  /// A second flush begins while the inode is in a push, and meanwhile an object is made.
  private void nameDuringPush() {
    int one = chance.nextInt(2) * OBJECT;
    count = BLOCK * (1 + chance.nextInt(4));
    first = OBJECT - one;
    add(Kind.DISCARD);
    first = one;
    add(Kind.DISCARD);
    writeBack();
    hold(Gates.Call.WRITE, true, chance.nextBoolean());
    add(Kind.FLUSH);
    add(Kind.FLUSH);
    first = OBJECT - one;
    writeBack();
    add(Kind.RELEASE);
    add(Kind.CUT);
  }

  /// An object goes, and comes again, while it is in a push.
  private void removeDuringPush() {
    if (chance.nextBoolean()) {
      add(Kind.DISCARD);
    }
    writeBack();
    holdPush();
    add(Kind.FLUSH);
    int size = count;
    add(Kind.DISCARD, 0, WRITE_BACK);
    count = Math.max(1, size / 2);
    if (chance.nextBoolean()) {
      writeBack();
    }
    some(0, 1, Kind.FLUSH);
    add(Kind.RELEASE);
    count = size;
    add(Kind.READ);
    some(0, 2, Kind.FLUSH, Kind.KILL, Kind.CUT, Kind.DROP);
    add(Kind.READ);
  }

  private void endDuringPush() {
    writeBack();
    some(0, 2, Kind.WRITE);
    holdPush();
    add(Kind.FLUSH);
    some(0, 1, Kind.FLUSH);
    some(0, 1, Kind.WRITE, Kind.FLUSH, Kind.READ);
    some(1, 1, Kind.KILL, Kind.CUT, Kind.CUT);
    add(Kind.READ);
  }

  /// The first of two equal requests waits for an edge of its range to come from the store.
  private void resend() {
    first = first - first % BLOCK + 1 + chance.nextInt(BLOCK - 1);
    writeBack();
    if (chance.nextInt(4) != 0) {
      add(Kind.DROP);
      hold(Gates.Call.READ, chance.nextBoolean());
    } else {
      hold(Gates.Call.WRITE, chance.nextBoolean());
    }
    add(Kind.RESEND, 0, DURABLE + 20 * chance.nextInt(1000) + chance.nextInt(2));
    writeBack();
    add(Kind.RELEASE);
    add(Kind.READ);
  }

  /// Uses the whole cache, dirty and clean.
  private void fill() {
    boolean much = chance.nextInt(3) == 0;
    for (disk = 0; disk < 2; disk++) {
      for (int object = 0; object < 2; object++) {
        first = object * OBJECT + CHUNK * chance.nextInt(8);
        count = much ? CHUNK * (8 + chance.nextInt(24)) : BLOCK;
        writeBack();
      }
      add(Kind.FLUSH);
    }
    disk = chance.nextInt(2);
    count = CHUNK * (1 + chance.nextInt(4));
    writeBack();
    int dirty = disk;
    int at = first;
    for (int i = 0; i < 4; i++) {
      disk = i / 2;
      first = i % 2 * OBJECT;
      scan();
    }
    for (int i = 0; i < 3; i++) { // writes take chunks from others, reads do not
      disk = 0;
      first = i % 2 * OBJECT + CHUNK * (32 + 8 * i);
      count = 8 * CHUNK;
      writeBack();
    }
    add(Kind.CHECK);
    disk = dirty;
    first = at;
    count = 4 * CHUNK;
    add(Kind.READ);
  }

  private void endSoon() {
    some(1, 2, Kind.WRITE);
    add(Kind.CRASH_SOON);
    some(2, 5, Kind.WRITE, Kind.WRITE, Kind.FLUSH, Kind.CLEAR, Kind.DISCARD);
    add(chance.nextBoolean() ? Kind.KILL : Kind.CUT);
    add(Kind.READ);
  }

  private void failPush() {
    if (chance.nextBoolean()) {
      add(Kind.DISCARD);
    }
    writeBack();
    boolean after = chance.nextInt(3) == 0;
    if (chance.nextInt(4) == 0) {
      trap(Kind.FAIL, Gates.Call.FLUSH, false, after);
    } else {
      trap(Kind.FAIL, Gates.Call.CREATE, false, after);
      trap(Kind.FAIL, Gates.Call.WRITE, chance.nextInt(4) == 0, after);
    }
    add(Kind.FLUSH);
    int at = first;
    if (chance.nextBoolean()) {
      first = at - at % OBJECT + chance.nextInt(OBJECT - BLOCK);
      writeBack();
      first = at;
    }
    some(0, 2, Kind.WRITE, Kind.CLEAR, Kind.READ);
    add(Kind.RELEASE);
    add(Kind.FLUSH);
    some(1, 1, Kind.CUT, Kind.CUT, Kind.DROP);
    add(Kind.READ);
  }

  private void rot() {
    some(1, 3, Kind.WRITE, Kind.READ);
    add(Kind.ROT);
    add(Kind.READ);
    some(0, 2, Kind.WRITE, Kind.READ);
  }

  private void snapshotDuringPush() {
    writeBack();
    holdPush();
    some(0, 1, Kind.FLUSH);
    add(Kind.SNAPSHOT);
    some(1, 3, Kind.WRITE, Kind.READ, Kind.FLUSH);
    add(Kind.RELEASE);
    some(0, 2, Kind.WRITE, Kind.CUT, Kind.KILL, Kind.READ);
  }

  /// What is durable when it is answered stays, whatever else is dirty; what is not is lost, which
  /// the next barrier says.
  private void cutAfterDurable() {
    some(0, 3, Kind.WRITE, Kind.WRITE, Kind.READ, Kind.FLUSH);
    if (chance.nextBoolean()) {
      writeBack();
    }
    if (chance.nextInt(3) != 0) {
      add(Kind.WRITE, chance.nextInt(Simulation.CLIENTS), DURABLE);
    }
    add(Kind.CUT);
    some(1, 2, Kind.READ, Kind.FLUSH);
  }

  /// Each mode finds what the others have written.
  private void mixModes() {
    writeBack();
    some(0, 1, Kind.FLUSH);
    shift();
    add(Kind.READ);
    add(Kind.WRITE, 2, DIRECT);
    add(Kind.READ);
    shift();
    add(Kind.WRITE, 1, DURABLE);
    some(0, 1, Kind.FLUSH, Kind.CUT);
    add(Kind.READ);
  }

  /// The power goes while a flush brings out that an object is gone.
  private void removeThenCut() {
    writeBack();
    add(Kind.DISCARD, 0, WRITE_BACK);
    writeBack();
    add(Kind.CHECK);
    add(Kind.READ);
    add(Kind.FLUSH);
    add(Kind.DISCARD, 0, WRITE_BACK);
    hold(Gates.Call.WRITE, true, chance.nextInt(3) == 0);
    add(Kind.FLUSH);
    some(0, 1, Kind.WRITE, Kind.READ);
    add(Kind.CUT);
    add(Kind.READ);
  }

  /// Others change what is on its way ahead of a sequential reader.
  private void readAhead() {
    first -= first % OBJECT;
    count = CHUNK * (8 + chance.nextInt(24));
    int start = first;
    int all = count;
    writeBack();
    add(Kind.DROP, 3, 0);
    count = CHUNK * (1 + chance.nextInt(2));
    int holdAt = 3 + chance.nextInt(3);
    for (int i = 0; i < 8; i++) {
      if (i == holdAt) {
        hold(Gates.Call.READ, chance.nextBoolean());
      }
      add(Kind.READ, chance.nextInt(2), 0);
      if (i >= holdAt) {
        meddleAhead();
      }
      first += count;
    }
    add(Kind.RELEASE);
    first = start;
    count = all;
    some(0, 1, Kind.FLUSH, Kind.KILL, Kind.CUT, Kind.SNAPSHOT);
    add(Kind.READ);
  }

  /// Changes something behind the place where the next read goes.
  private void meddleAhead() {
    int at = first;
    int size = count;
    first += count * (1 + chance.nextInt(4));
    count = 1 + chance.nextInt(2 * BLOCK);
    some(0, 1, Kind.WRITE, Kind.WRITE, Kind.CLEAR, Kind.DISCARD, Kind.SNAPSHOT, Kind.DROP);
    first = at;
    count = size;
  }

  /// What was read before the node ended is read anew at the next opening, while others change it.
  private void bootAgain() {
    disk = 0; // clients of NBD open it
    first = chance.nextInt(2) * OBJECT;
    count = CHUNK * (16 + chance.nextInt(16));
    int start = first;
    int all = count;
    writeBack();
    add(Kind.READ, chance.nextInt(2), 0);
    add(Kind.DROP, 3, 0);
    add(Kind.RESTART);
    count = BLOCK;
    add(Kind.READ, chance.nextInt(2), 0);
    for (int i = 0; i < 3; i++) {
      first = start + chance.nextInt(all);
      count = 1 + chance.nextInt(2 * BLOCK);
      some(1, 2, Kind.WRITE, Kind.CLEAR, Kind.READ, Kind.FLUSH, Kind.DISCARD, Kind.SNAPSHOT);
    }
    some(0, 1, Kind.KILL, Kind.CUT, Kind.RESTART, Kind.DROP);
    first = start;
    count = all;
    add(Kind.READ);
  }

  /// The process ends where the chunks that a deleted disk has left dirty get their next owner.
  /// Chunks are given in turn from three places of the cache, so that the second object of the last
  /// writes gets what the clone had.
  private void reuseThenKill() {
    int other = aimAtClone();
    count = BLOCK * (1 + chance.nextInt(2));
    first = CHUNK * chance.nextInt(48);
    writeIntoTwoObjects();
    add(Kind.DELETE_CLONE);
    disk = other;
    int dice = Simulation.killAtMappedStore(chance.nextInt(60));
    ops.add(new Op(ops.size() + 1, Kind.CRASH_SOON, 0, disk, first, count, dice));
    writeIntoTwoObjects();
    add(Kind.KILL);
    add(Kind.READ);
  }

  private void writeIntoTwoObjects() {
    writeChunks(2);
    first += OBJECT;
    writeChunks(2);
    first -= OBJECT;
  }

  /// Makes a clone of a disk, and aims at it.
  ///
  /// @return which disk that was
  private int aimAtClone() {
    int origin = chance.nextInt(2);
    disk = origin;
    add(Kind.SNAPSHOT);
    add(Kind.CLONE);
    disk = 2;
    return origin;
  }

  /// Writes a little into each of some chunks that lie one behind the other.
  private void writeChunks(int chunks) {
    for (int i = 0; i < chunks; i++) {
      writeBack();
      first += CHUNK;
    }
    first -= chunks * CHUNK;
  }

  /// A disk is deleted while a flush of it is under way.
  private void deleteDuringPush() {
    aimAtClone();
    writeBack();
    hold(Gates.Call.CREATE, chance.nextInt(4) == 0);
    add(Kind.FLUSH, Simulation.CLIENTS - 1, 2);
    add(Kind.DELETE_CLONE);
    add(Kind.RELEASE);
    some(0, 1, Kind.KILL, Kind.CUT, Kind.CHECK);
  }

  /// What is dirty is lost with the cache, or with some of its records; what comes after is not.
  private void loseCache() {
    some(0, 2, Kind.WRITE, Kind.FLUSH);
    writeBack();
    add(chance.nextBoolean() ? Kind.CACHE_LOST : Kind.DAMAGE);
    some(1, 3, Kind.WRITE, Kind.WRITE, Kind.READ, Kind.CLEAR);
    add(Kind.FLUSH);
    some(1, 1, Kind.CUT, Kind.KILL, Kind.RESTART);
    add(Kind.READ);
  }

  /// So much of a disk is dirty, and stays so, that what is written next goes past the cache.
  private void writePast() {
    int crowd = chance.nextInt(2) * OBJECT;
    int at = OBJECT - crowd + CHUNK * chance.nextInt(4);
    int length = BLOCK * (1 + chance.nextInt(20));
    for (int start : new int[] {crowd, at}) {
      first = start;
      count = length;
      writeBack();
    }
    add(Kind.FLUSH);
    add(Kind.DROP);
    hold(Gates.Call.WRITE, chance.nextBoolean());
    first = crowd;
    count = CROWD_CHUNKS * CHUNK;
    writeBack();
    first = at;
    count = length;
    if (chance.nextBoolean()) {
      hold(Gates.Call.READ, chance.nextInt(4) != 0);
      add(Kind.READ);
    }
    shift();
    if (chance.nextInt(3) == 0) {
      hold(Gates.Call.WRITE, chance.nextBoolean());
    }
    writeBack();
    some(0, 3, Kind.WRITE, Kind.READ, Kind.CLEAR, Kind.FLUSH, Kind.DISCARD);
    some(0, 1, Kind.KILL, Kind.CUT, Kind.SNAPSHOT);
    add(Kind.RELEASE);
    add(Kind.READ);
    some(0, 1, Kind.KILL, Kind.CUT);
  }

  private void writeBack() {
    add(Kind.WRITE, chance.nextBoolean() ? 0 : 3 + chance.nextInt(2), WRITE_BACK);
  }

  private void holdPush() {
    boolean after = chance.nextBoolean();
    hold(Gates.Call.CREATE, after);
    hold(Gates.Call.WRITE, after);
    if (chance.nextInt(4) == 0) {
      hold(Gates.Call.FLUSH, chance.nextBoolean());
    }
  }

  private void hold(Gates.Call call, boolean after) {
    hold(call, false, after);
  }

  private void hold(Gates.Call call, boolean inodes, boolean after) {
    trap(Kind.HOLD, call, inodes, after);
  }

  private void trap(Kind kind, Gates.Call call, boolean inodes, boolean after) {
    int dice = CALLS.indexOf(call) + 5 * (inodes ? 0 : 1) + 20 * (after ? 1 : 0);
    ops.add(new Op(ops.size() + 1, kind, 0, disk, first, count, dice));
  }

  /// What a HOLD or FAIL catches; of eight by chance, one is of inodes.
  static Gates.Trap trap(Op op) {
    Gates.Call call = CALLS.get(op.dice() % 5);
    boolean inodes = op.dice() / 5 % 4 == 0;
    boolean after = op.dice() / 20 % 2 == 1;
    return new Gates.Trap(call, inodes, after, op.kind() == Kind.FAIL);
  }

  private void some(int least, int most, Kind... kinds) {
    int number = least + chance.nextInt(most - least + 1);
    for (int i = 0; i < number; i++) {
      add(kinds[chance.nextInt(kinds.length)]);
    }
  }

  private void add(Kind kind) {
    add(kind, chance.nextInt(Simulation.CLIENTS), chance.nextInt(1 << 20));
  }

  private void add(Kind kind, int client, int dice) {
    ops.add(new Op(ops.size() + 1, kind, client, disk, first, count, dice));
  }
}
