package dev.kelpie.sheep;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.config.Option;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// Places that list the options of `sheep` besides the program itself.
final class OptionListsTest {
  @Test
  void theLauncherKnowsTheOptionsOfTheProgram() throws IOException {
    String launcher = Files.readString(Path.of("bin/sheep"));
    String letters =
        SheepOptions.ALL.stream()
            .filter(option -> option.letter() != Option.NO_LETTER)
            .map(option -> option.letter() + (option.takesValue() ? ":" : ""))
            .collect(Collectors.joining());
    String names =
        SheepOptions.ALL.stream()
            .map(option -> option.name() + (option.takesValue() ? ":" : ""))
            .collect(Collectors.joining(","));
    assertTrue(launcher.contains("letters=" + letters + "\n"), letters);
    String listed =
        launcher
            .lines()
            .filter(line -> line.startsWith("names"))
            .map(line -> line.substring(line.indexOf('=') + 1))
            .collect(Collectors.joining());
    assertEquals(names, listed);
  }

  @Test
  void theLauncherKnowsWhichOptionsAreAlone() throws IOException {
    String launcher = Files.readString(Path.of("bin/sheep"));
    for (Option option : SheepOptions.ALL) {
      if (!option.takesValue()) {
        assertTrue(
            launcher.contains(" --" + option.name() + " |")
                || launcher.contains(" --" + option.name() + ")"),
            option.name());
      }
    }
  }

  @Test
  void theManualListsEveryOptionOnceAndNoOther() throws IOException {
    List<String> expected =
        SheepOptions.ALL.stream()
            .map(option ->
                (option.letter() == Option.NO_LETTER ? "" : "`-" + option.letter() + "`, ")
                    + "`--"
                    + option.name()
                    + "`")
            .toList();
    List<String> listed =
        Files.readString(Path.of("docs/configuration.md"))
            .lines()
            .filter(line -> line.startsWith("| `-"))
            .map(line -> line.substring(2, line.indexOf(" |", 2)))
            .toList();
    assertEquals(expected, listed);
  }
}
