package dev.kelpie.it;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

/// The judge of the kill tests finds what it is there for.
final class StampsTest {
  private final Stamps stamps = new Stamps("disk", 4 * Stamps.SECTOR);
  private final byte[] zeros = new byte[Stamps.SECTOR];

  @Test
  void anAcknowledgedWriteThatIsMissingIsFound() {
    write(0);
    AssertionError lost = assertThrows(AssertionError.class, () -> stamps.settle(0, zeros));
    assertTrue(lost.toString().contains("holds zeros after the kill"), lost.toString());
  }

  @Test
  void aReplacedWriteThatComesBackIsFound() {
    byte[] old = write(0);
    write(0);
    assertThrows(AssertionError.class, () -> stamps.settle(0, old));
  }

  @Test
  void aZeroingThatIsUndoneIsFound() {
    byte[] old = write(0);
    stamps.end(stamps.begin(0, 4, true));
    assertThrows(AssertionError.class, () -> stamps.settle(0, old));
  }

  @Test
  void bytesOfAnotherSectorAreFound() {
    byte[] data = write(0);
    write(1);
    assertThrows(AssertionError.class, () -> stamps.settle(1, data));
  }

  @Test
  void halfASectorIsFound() {
    byte[] data = write(0);
    Arrays.fill(data, Stamps.SECTOR / 2, Stamps.SECTOR, (byte) 0);
    assertThrows(AssertionError.class, () -> stamps.settle(0, data));
  }

  @Test
  void aWriteInFlightAtTheKillMayBeThereOrNotAndThenStaysSo() {
    byte[] old = write(0);
    byte[] inFlight = stamps.bytes(stamps.begin(0, 1, false));
    assertDoesNotThrow(() -> stamps.settle(0, inFlight));
    assertThrows(AssertionError.class, () -> stamps.settle(0, old));
  }

  @Test
  void writesThatOverlapInTimeMayEndInEitherOrder() {
    Stamps.Change one = stamps.begin(0, 1, false);
    Stamps.Change other = stamps.begin(0, 1, false);
    stamps.end(other);
    stamps.end(one);
    assertDoesNotThrow(() -> stamps.settle(0, stamps.bytes(other)));
  }

  @Test
  void aReadMaySeeWhatWasThereAtAnyMomentOfItButNothingOlderOrLater() {
    byte[] older = write(0);
    byte[] before = write(0);
    Stamps.Moment moment = stamps.moment(0, 1);
    byte[] during = write(0);
    moment.close();
    byte[] later = write(0);
    moment.checkSectors(before);
    moment.checkSectors(during);
    assertThrows(AssertionError.class, () -> moment.checkSectors(older));
    assertThrows(AssertionError.class, () -> moment.checkSectors(later));
  }

  @Test
  void aSnapshotOfTwoMomentsIsFound() {
    Stamps.Moment moment = stamps.moment();
    byte[] first = write(0);
    byte[] second = write(1);
    moment.close();
    moment.checkWhole(disk(first, second));
    moment.checkWhole(disk(first, zeros));
    moment.checkSectors(disk(zeros, second));
    assertThrows(AssertionError.class, () -> moment.checkWhole(disk(zeros, second)));
  }

  private byte[] write(int sector) {
    Stamps.Change change = stamps.begin(sector, 1, false);
    stamps.end(change);
    return stamps.bytes(change);
  }

  private static byte[] disk(byte[] first, byte[] second) {
    byte[] disk = Arrays.copyOf(first, 4 * Stamps.SECTOR);
    System.arraycopy(second, 0, disk, Stamps.SECTOR, Stamps.SECTOR);
    return disk;
  }
}
