package dev.kelpie.dog;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

final class AttributeCommandsTest {
  private final DogRun run = new DogRun();

  @Test
  void anAttributeIsSetReadReplacedAndDeleted() {
    run.dog("vdi setattr vm key first").prints("");
    run.dog("vdi getattr vm key").prints("first");
    run.dog("vdi setattr vm key second").prints("");
    run.dog("vdi getattr vm key").prints("second");
    run.dog("vdi setattr -d vm key").prints("");
    run.dog("vdi getattr vm key").fails("Attribute 'key' not found\n", 5);
    run.dog("vdi setattr -d vm key").fails("Attribute 'key' not found\n", 5);
  }

  @Test
  void anExclusiveOneMustBeNew() {
    run.dog("vdi setattr -x vm key first").prints("");
    run.dog("vdi setattr -x vm key second").fails("The attribute 'key' already exists\n", 3);
    run.dog("vdi getattr vm key").prints("first");
  }

  @Test
  void aValueComesFromStandardInputUpToItsFirstNul() {
    run.input = new byte[] {'a', '\n', (byte) 0xe4, 0, 'b'};
    run.dog("vdi setattr vm key").prints("");
    assertArrayEquals(
        new byte[] {'a', '\n', (byte) 0xe4}, run.dog("vdi getattr vm key").outBytes());
    run.input = new byte[65_536];
    Arrays.fill(run.input, (byte) 'x');
    run.dog("vdi setattr vm key").prints("");
    assertEquals(65_536, run.dog("vdi getattr vm key").outBytes().length);
    run.input = Arrays.copyOf(run.input, 65_537);
    run.input[65_536] = 'x';
    run.dog("vdi setattr vm key")
        .fails("Failed to set attribute: the value has more than 65536 bytes\n", 1);
  }

  @Test
  void whatIsMissingOrRefusedHasItsOwnStatus() {
    run.sheep.refusals.put(Opcode.GET_VDI_ATTR, ResultCode.NO_VDI);
    run.dog("vdi setattr vm key v").fails("VDI not found\n", 5);
    run.dog("vdi getattr vm key").fails("VDI not found\n", 5);
    run.sheep.refusals.put(Opcode.GET_VDI_ATTR, ResultCode.EIO);
    run.dog("vdi setattr vm key v").fails("Failed to set attribute: I/O error\n", 1);
    run.dog("vdi getattr vm key").fails("Failed to find attribute oid: I/O error\n", 5);
    run.sheep.refusals.clear();
    run.dog("vdi setattr vm key v").prints("");
    run.sheep.refusals.put(Opcode.READ_OBJ, ResultCode.EIO);
    run.dog("vdi getattr vm key").fails("Failed to read attribute oid: I/O error\n", 2);
  }

  @Test
  void aKeyIsNeeded() {
    for (String words : List.of("vdi setattr vm", "vdi getattr vm")) {
      run.dog(words);
      assertEquals("Please specify the attribute key\n", run.err());
      assertEquals(64, run.status());
      assertTrue(run.out().startsWith("Usage: dog " + words.substring(0, 11)), run.out());
    }
  }

  @Test
  void keysAreBytes() {
    run.dog(List.of("vdi", "setattr", "vm", "k\u00e4", "\u00ff")).prints("");
    assertEquals(
        "\u00ff",
        new String(
            run.dog(List.of("vdi", "getattr", "vm", "k\u00e4")).outBytes(),
            StandardCharsets.ISO_8859_1));
  }
}
