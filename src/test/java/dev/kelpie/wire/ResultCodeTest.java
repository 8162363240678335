package dev.kelpie.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class ResultCodeTest {
  /// What `dog` 0.9.5 prints for each number.
  private static final String TABLE =
      """
      00 Success
      01 Unknown error
      02 No object found
      03 I/O error
      04 VDI exists already
      05 Invalid parameters
      06 System error
      07 VDI is already locked
      08 No VDI found
      09 No base VDI found
      0a Failed to read from requested VDI
      0b Failed to write to requested VDI
      0c Failed to read from base VDI
      0d Failed to write to base VDI
      0e Failed to find requested tag
      0f System is still booting
      10 VDI is not locked
      11 System is shutting down
      12 Out of memory on server
      13 Maximum number of VDIs reached
      14 Protocol version mismatch
      15 Server has no space for new objects
      16 Waiting for cluster to be formatted
      17 Waiting for other nodes to join cluster
      18 Node has failed to join cluster
      19 IO has halted as there are not enough living nodes
      1a Object is read-only
      1b Invalid error code 1b
      1c Invalid error code 1c
      1d Inode object is invalidated
      1e Invalid error code 1e
      80 Invalid error code 80
      81 Request has an old epoch
      82 Request has a new epoch
      83 Cluster has not been formatted
      84 Creation times differ
      85 Invalid epoch
      86 Network error between sheep
      87 No cache object found
      88 The buffer is too small
      89 Cluster is running/halted and cannot be force recovered
      8a Targeted backend store is not found
      8b Operation is not supported
      8c Targeted node is in recovery
      8d Node is killed
      8e Object ID exists already
      8f Ask to try again
      90 Object may be stale
      91 Cluster driver error
      92 Invalid error code 92
      93 Invalid error code 93
      94 Invalid error code 94
      96 Invalid error code 96
      97 Invalid error code 97
      99 Invalid error code 99
      ff Invalid error code ff
      abcdef01 Invalid error code abcdef01
      """;

  @Test
  void everyNumberHasItsText() {
    for (String line : TABLE.lines().toList()) {
      int blank = line.indexOf(' ');
      int code = Integer.parseUnsignedInt(line.substring(0, blank), 16);
      assertEquals(line.substring(blank + 1), ResultCode.text(code));
    }
  }

  @Test
  void everyResultIsFoundByItsNumber() {
    for (ResultCode result : ResultCode.values()) {
      assertEquals(result, ResultCode.of(result.code()).orElseThrow());
      assertEquals(result.text(), ResultCode.text(result.code()));
    }
    assertTrue(ResultCode.of(0x80).isEmpty());
  }
}
