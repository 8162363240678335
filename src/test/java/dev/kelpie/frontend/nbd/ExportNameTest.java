package dev.kelpie.frontend.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import dev.kelpie.testing.Seeds;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExportNameTest {
  @Test
  void aPlainNameIsTheWorkingVdi() throws Refused {
    assertEquals(name("vm", Optional.empty(), Optional.empty()), ExportName.parse("vm"));
  }

  @Test
  void aSnapshotFollowsAnAtSign() throws Refused {
    assertEquals(name("vm", Optional.of("3"), Optional.empty()), ExportName.parse("vm@3"));
    assertEquals(name("vm", Optional.of("a tag"), Optional.empty()), ExportName.parse("vm@a tag"));
  }

  @Test
  void theCacheModeFollowsAQuestionMark() throws Refused {
    assertEquals(mode(CacheMode.WRITEBACK), ExportName.parse("vm?cache=writeback"));
    assertEquals(mode(CacheMode.WRITETHROUGH), ExportName.parse("vm?cache=writethrough"));
    assertEquals(mode(CacheMode.DIRECT), ExportName.parse("vm?cache=none"));
    assertEquals(
        name("vm", Optional.of("t"), Optional.of(CacheMode.DIRECT)),
        ExportName.parse("vm@t?cache=none"));
  }

  @Test
  void specialCharactersAreEscaped() throws Refused {
    assertEquals(
        name("a@b?c%d", Optional.of("e@?%"), Optional.empty()),
        ExportName.parse("a%40b%3fc%25d@e%40%3F%25"));
    assertEquals("a%40b%3fc%25d", ExportName.of(new VdiName("a@b?c%d")));
  }

  @Test
  void whatIsNotPrintableIsEscaped() {
    assertEquals("a b%0a%7f", ExportName.of(new VdiName("a b\n\u007f")));
    assertEquals("\u00c3\u00bc", ExportName.of(new VdiName("\u00c3\u00bc")), "UTF-8 stays");
    assertEquals("%fc", ExportName.of(new VdiName("\u00fc")), "Latin-1 is escaped");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "@",
        "@tag",
        "vm@",
        "vm@a@b",
        "vm%",
        "vm%4",
        "vm%zz",
        "vm%00",
        "?cache=none",
        "vm?",
        "vm?cache",
        "vm?cache=",
        "vm?cache=writeback&x=1",
        "vm?Cache=none",
        "vm?cache=none?",
        "vm@%00",
        "vm%g0"
      })
  void whatIsNoNameIsRefusedWithItsFormInTheText(String bad) {
    Refused refused = assertThrows(Refused.class, () -> ExportName.parse(bad));
    assertEquals(Option.Reply.ERR_INVALID, refused.reply());
    assertTrue(refused.text().contains("'" + bad + "'"), refused.text());
    assertTrue(refused.text().contains("VDI[@id-or-tag]"), refused.text());
  }

  @Test
  void namesThatAreTooLongAreRefused() {
    assertThrows(Refused.class, () -> ExportName.parse("x".repeat(256)));
    assertThrows(Refused.class, () -> ExportName.parse("vm@" + "x".repeat(256)));
  }

  @Test
  void everyNameSurvivesTheWayThere() throws Refused {
    RandomGenerator chance = Seeds.generator("everyNameSurvivesTheWayThere");
    for (int round = 0; round < 2000; round++) {
      String vdi = bytes(chance);
      Optional<String> tag = chance.nextBoolean() ? Optional.of(bytes(chance)) : Optional.empty();
      Optional<CacheMode> mode =
          chance.nextBoolean() ? Optional.of(CacheMode.WRITETHROUGH) : Optional.empty();
      ExportName name = name(vdi, tag, mode);
      assertEquals(name, ExportName.parse(name.canonical()));
    }
  }

  private static String bytes(RandomGenerator chance) {
    StringBuilder bytes = new StringBuilder();
    for (int i = 1 + chance.nextInt(VdiName.LENGTH_MAX); i > 0; i--) {
      bytes.append((char) (1 + chance.nextInt(255)));
    }
    return bytes.toString();
  }

  private static ExportName mode(CacheMode mode) {
    return name("vm", Optional.empty(), Optional.of(mode));
  }

  private static ExportName name(String vdi, Optional<String> tag, Optional<CacheMode> mode) {
    return new ExportName(new VdiName(vdi), tag, mode);
  }
}
