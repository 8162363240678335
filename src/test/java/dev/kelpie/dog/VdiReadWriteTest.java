package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class VdiReadWriteTest {
  private static final long SEED = Long.getLong("seed", System.nanoTime());
  private static final int TEST = 0x7c2b25;
  private static final int OBJECT = 4 << 20;

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(SEED).nextBytes(bytes);
    return bytes;
  }

  private static DogRun empty(long size) {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, size));
    return run;
  }

  @Test
  void whatIsWrittenIsReadBack() {
    byte[] image = random(5 * OBJECT + 12_345);
    DogRun run = empty(image.length);
    run.input = image;
    run.dog("vdi write test").prints("");
    run.dog("vdi read test");
    assertArrayEquals(image, run.outBytes(), () -> "seed " + SEED);
    assertEquals(0, run.status());
  }

  @Test
  void anyRangeIsReadAndWritten() {
    Random random = new Random(SEED);
    byte[] model = new byte[3 * OBJECT];
    DogRun run = empty(model.length);
    for (int i = 0; i < 12; i++) {
      int offset = random.nextInt(model.length);
      int length = 1 + random.nextInt(Math.min(model.length - offset, OBJECT + 1000));
      byte[] bytes = random(length);
      System.arraycopy(bytes, 0, model, offset, length);
      run.input = bytes;
      run.dog("vdi write test " + offset + " " + length).prints("");
      int from = random.nextInt(model.length);
      int count = random.nextInt(model.length - from + 1000);
      run.dog("vdi read test " + from + " " + count);
      assertArrayEquals(
          Arrays.copyOfRange(model, from, Math.min(model.length, from + count)),
          run.outBytes(),
          () -> "seed " + SEED);
    }
    run.dog("vdi read test");
    assertArrayEquals(model, run.outBytes(), () -> "seed " + SEED);
  }

  @Test
  void holesAreReadAsZerosWithoutAskingForThem() {
    DogRun run = empty(2 * OBJECT + 7);
    run.dog("vdi read test");
    assertArrayEquals(new byte[2 * OBJECT + 7], run.outBytes());
    assertEquals(2, run.sheep.opcodes().stream().filter(o -> o == Opcode.READ_OBJ).count());
  }

  @Test
  void readAtTheEndGivesNothingAndBehindItFails() {
    empty(1000).dog("vdi read test 1000").prints("");
    empty(1000).dog("vdi read test 1001").fails("Read offset is beyond the end of the VDI\n", 1);
    empty(1000).dog("vdi write test 1001").fails("Write offset is beyond the end of the VDI\n", 1);
  }

  @Test
  void offsetsAreSizes() {
    DogRun run = empty(2 * OBJECT);
    run.input = new byte[] {1, 2, 3};
    run.dog("vdi write test 4M 3").prints("");
    run.dog("vdi read test 4096k 3");
    assertArrayEquals(new byte[] {1, 2, 3}, run.outBytes());
    run.dog("vdi read test 4Q");
    assertEquals(64, run.status());
    assertTrue(run.err().startsWith("Invalid size '4Q'\n"));
    assertTrue(run.out().startsWith("Usage: dog vdi read"));
  }

  @Test
  void snapshotsAreRead() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("test", "t", TEST, 1, 1, 0, 4), TEST);
    run.sheep.vdi(FakeSheep.inode("test", "", TEST + 1, 0, 2, TEST, 4), TEST + 1);
    run.sheep.objects.put(ObjectId.data(new VdiId(TEST), 0), new byte[] {'o', 'l', 'd', '\n'});
    run.sheep.objects.put(ObjectId.data(new VdiId(TEST + 1), 0), new byte[] {'n', 'e', 'w', '\n'});
    run.dog("vdi read -s t test").prints("old\n");
    run.dog("vdi read -s 1 test").prints("old\n");
    run.dog("vdi read test").prints("new\n");
    run.dog("vdi read -s x test")
        .fails(
            "Failed to open VDI test (snapshot id: 0 snapshot tag: x): Failed to find requested"
                + " tag\n",
            1);
  }

  @Test
  void objectsOfAnAncestorAreCopiedBeforeTheyAreWritten() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.inode("test", "t", TEST, 1, 1, 0, OBJECT), TEST);
    run.sheep.vdi(FakeSheep.inode("test", "", TEST + 1, 0, 2, TEST, OBJECT), TEST);
    byte[] old = random(OBJECT);
    run.sheep.objects.put(ObjectId.data(new VdiId(TEST), 0), old);
    run.input = new byte[] {1, 2};
    run.dog("vdi write test 100 2").prints("");
    byte[] expected = old.clone();
    expected[100] = 1;
    expected[101] = 2;
    run.dog("vdi read test");
    assertArrayEquals(expected, run.outBytes());
    run.dog("vdi read -s t test");
    assertArrayEquals(old, run.outBytes());
    assertEquals(TEST + 1, run.sheep.owner(TEST + 1, 0));
  }

  @Test
  void inputThatEndsEarlyIsFilledUpToTheEndOfTheObject() {
    DogRun run = empty(4L * OBJECT);
    run.input = random(5_000_000);
    run.dog("vdi write test").prints("");
    assertEquals(TEST, run.sheep.owner(TEST, 0));
    assertEquals(TEST, run.sheep.owner(TEST, 1));
    assertEquals(0, run.sheep.owner(TEST, 2));
    assertArrayEquals(
        Arrays.copyOfRange(Arrays.copyOf(run.input, 2 * OBJECT), OBJECT, 2 * OBJECT),
        run.sheep.objects.get(ObjectId.data(new VdiId(TEST), 1)));
  }

  @Test
  void emptyInputWritesOneObjectOfZeros() {
    DogRun run = empty(4L * OBJECT);
    run.dog("vdi write test").prints("");
    assertEquals(TEST, run.sheep.owner(TEST, 0));
    assertEquals(0, run.sheep.owner(TEST, 1));
  }

  @Test
  void inputThatIsTooLongIsCut() {
    DogRun run = empty(10);
    run.input = "0123456789abc".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    run.dog("vdi write test 4").prints("");
    run.dog("vdi read test").prints("\0\0\0\000012345");
  }

  @Test
  void writebackIsAFlagOfEveryRequest() {
    DogRun run = empty(2L * OBJECT);
    run.input = new byte[2 * OBJECT];
    run.dog("vdi write -w test").prints("");
    for (RequestHeader request : run.sheep.requests) {
      if (request.opcode().orElseThrow() == Opcode.CREATE_AND_WRITE_OBJ
          || request.opcode().orElseThrow() == Opcode.WRITE_OBJ) {
        assertEquals(RequestFlags.WRITE | RequestFlags.CACHE, request.flags());
      }
    }
  }

  @Test
  void failuresNameTheObject() {
    DogRun run = empty(3L * OBJECT);
    run.sheep.badObject = 0x007c2b2500000001L;
    run.input = new byte[3 * OBJECT];
    run.dog("vdi write test")
        .fails("Failed to write object 007c2b2500000001: I/O error\nFailed to write VDI\n", 1);
    assertEquals(TEST, run.sheep.owner(TEST, 0));
    assertEquals(0, run.sheep.owner(TEST, 1));
    run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, 10), TEST);
    run.dog("vdi read test")
        .fails("Failed to read object 007c2b2500000000 No object found\nFailed to read VDI\n", 1);
  }

  @Test
  void aDamagedObjectMapIsNotFollowed() {
    DogRun run = new DogRun();
    run.sheep.vdi(FakeSheep.working("test", TEST, 10), 0x7f00_0001);
    run.dog("vdi read test")
        .fails("The inode is damaged: object 0 belongs to VDI 7f000001, which cannot be\n", 1);
  }

  @Test
  void severalRequestsAreInFlight() {
    DogRun run = empty(16L * OBJECT);
    run.input = new byte[16 * OBJECT];
    run.dog("vdi write test").prints("");
    int most = run.network.mostWaiting();
    assertTrue(most >= 8, "at most " + most + " in flight");
  }
}
