package dev.kelpie.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.Seeds;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

final class ExtentTest {
  private static final int PART = 64 << 10;

  @Test
  void rangesOfZerosHaveNoExtents() {
    assertEquals(List.of(), Extent.withoutZeros(ByteBuffer.allocate(0)));
    assertEquals(List.of(), Extent.withoutZeros(ByteBuffer.allocate(3 * PART + 5)));
  }

  @Test
  void neighboursAreOneExtentAndThePositionCounts() {
    ByteBuffer range = ByteBuffer.allocate(10 + 5 * PART + 7).position(10);
    range.put(10 + PART + 3, (byte) 1).put(10 + 3 * PART - 1, (byte) 1);
    range.put(10 + 5 * PART + 6, (byte) 1);
    List<Extent> extents = Extent.withoutZeros(range);
    assertEquals(2, extents.size());
    assertEquals(PART + " " + 2 * PART, extents.get(0).offset() + " " + extents.get(0).length());
    assertEquals(5 * PART + " " + 7, extents.get(1).offset() + " " + extents.get(1).length());
    assertEquals(10, range.position());
  }

  @Test
  void nothingButZerosIsLeftOut() {
    RandomGenerator chance = Seeds.generator("ExtentTest");
    for (int i = 0; i < 200; i++) {
      ByteBuffer range = ByteBuffer.allocateDirect(1 + chance.nextInt(6 * PART));
      for (int bytes = chance.nextInt(4); bytes > 0; bytes--) {
        range.put(chance.nextInt(range.capacity()), (byte) 1);
      }
      ByteBuffer again = ByteBuffer.allocate(range.capacity());
      int end = -1;
      for (Extent extent : Extent.withoutZeros(range)) {
        assertTrue(extent.offset() > end);
        end = extent.end();
        again.put(extent.offset(), extent.bytes(), extent.bytes().position(), extent.length());
      }
      assertEquals(range, again);
    }
  }
}
