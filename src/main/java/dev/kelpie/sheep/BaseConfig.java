package dev.kelpie.sheep;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/// The file `config` of a base directory, three lines of text:
///
/// ```
/// kelpie base directory, format 1
/// id 5d41402abc4b2a76b9719d911017c592
/// sum 8f3c1a2b
/// ```
///
/// `sum` is the CRC32C of the bytes before its line.
///
/// @param id random, made once for each directory
record BaseConfig(String id) {
  /// A config of any version is shorter.
  static final int BYTES_MAX = 4096;

  private static final int FORMAT = 1;
  private static final String FIRST_WORDS = "kelpie base directory, format ";
  private static final String ID_WORD = "\nid ";
  private static final int ID_BYTES = 16;

  /// The size of the config of a Sheepdog written in C, and where its format version lies.
  private static final int C_BYTES = 40;

  private static final int C_FORMAT_OFFSET = 30;

  /// The config of a new directory.
  static BaseConfig fresh(RandomGenerator chance) {
    byte[] id = new byte[ID_BYTES];
    chance.nextBytes(id);
    return new BaseConfig(HexFormat.of().formatHex(id));
  }

  /// The bytes of the file.
  ByteBuffer bytes() {
    String body = FIRST_WORDS + FORMAT + ID_WORD + id + "\n";
    return StandardCharsets.ISO_8859_1.encode(body + sumLine(body));
  }

  /// Reads a file.
  ///
  /// @param file the whole file, or its first [#BYTES_MAX] + 1 bytes
  /// @param directory where it lies
  /// @throws Refusal where this version cannot use it
  static BaseConfig read(ByteBuffer file, Path directory) throws Refusal {
    String text = StandardCharsets.ISO_8859_1.decode(file.duplicate()).toString();
    if (!text.startsWith(FIRST_WORDS)) {
      throw file.remaining() == C_BYTES
          ? ofTheCProgram(file, directory)
          : damaged(directory, "it does not begin as a config does");
    }
    String format = text.lines().findFirst().orElse("").substring(FIRST_WORDS.length());
    if (!format.equals(Integer.toString(FORMAT))) {
      throw ofAnotherVersion(format, directory);
    }
    int sumAt = text.indexOf("sum ");
    if (sumAt < 0 || !text.substring(sumAt).equals(sumLine(text.substring(0, sumAt)))) {
      throw damaged(directory, "its checksum does not match");
    }
    int idAt = text.indexOf(ID_WORD) + ID_WORD.length();
    return new BaseConfig(text.substring(idAt, idAt + 2 * ID_BYTES));
  }

  private static String sumLine(String body) {
    CRC32C sum = new CRC32C();
    sum.update(body.getBytes(StandardCharsets.ISO_8859_1));
    return "sum " + HexFormat.of().toHexDigits((int) sum.getValue()) + "\n";
  }

  private static Refusal ofTheCProgram(ByteBuffer file, Path directory) {
    short format = file.duplicate().order(ByteOrder.LITTLE_ENDIAN).getShort(C_FORMAT_OFFSET);
    return new Refusal(
        "This sheep version is not compatible with the existing data layout, "
            + Short.toUnsignedInt(format)
            + "\n"
            + directory
            + " belongs to a Sheepdog written in C: start Kelpie in another directory and copy the"
            + " images over ('dog vdi read' there, 'dog vdi write' here)");
  }

  private static Refusal ofAnotherVersion(String format, Path directory) {
    return new Refusal(
        "This sheep version is not compatible with the existing data layout, "
            + format
            + "\n"
            + directory
            + " was written by another version of Kelpie, this one knows format "
            + FORMAT
            + ": start that version, or use another directory");
  }

  private static Refusal damaged(Path directory, String reason) {
    return new Refusal(
        directory.resolve("config")
            + " is damaged ("
            + reason
            + "): restore it from a copy, or start with an empty directory");
  }
}
