package dev.kelpie.house;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// What no source file may hold. Each rule is shown to find what it is there for.
final class TidyTest {
  private static final List<Path> MAIN = List.of(Path.of("src/main/java"));
  private static final List<Path> ALL = List.of(Path.of("src/main/java"), Path.of("src/test/java"));

  /// Comments, strings and characters, which the last rules do not look into.
  private static final Pattern TEXT =
      Pattern.compile("\"\"\"(?s:.*?)\"\"\"|\"(\\\\.|[^\"\\\\\n])*\"|'(\\\\.|[^'\\\\\n])+'");

  private static final Pattern COMMENT = Pattern.compile("//[^\n]*|/\\*(?s:.*?)\\*/");

  /// A rule.
  ///
  /// @param name what it asks for
  /// @param pattern what breaks it
  /// @param codeOnly whether it looks past comments and strings
  /// @param where the sources it is for
  /// @param exempt the packages it is not for, as paths
  /// @param example that breaks it
  private record Rule(
      String name,
      Pattern pattern,
      boolean codeOnly,
      List<Path> where,
      List<String> exempt,
      String example) {
    Stream<String> findings(String text) {
      String looked =
          codeOnly ? COMMENT.matcher(TEXT.matcher(text).replaceAll("\"\"")).replaceAll("") : text;
      return pattern.matcher(looked).results().map(found -> found.group().strip());
    }
  }

  private static final List<Rule> RULES =
      List.of(
          new Rule(
              "nothing is left over",
              Pattern.compile("\\b(TO" + "DO|FIX" + "ME|X" + "XX|HA" + "CK|W" + "IP)\\b"),
              false,
              ALL,
              List.of(),
              "// TO" + "DO"),
          new Rule(
              "nothing is unfinished",
              Pattern.compile("(?i)not (yet )?imple" + "mented|Unsupported" + "OperationException"),
              false,
              MAIN,
              List.of("dev/kelpie/dog/VdiResize.java"), // an answer that callers compare
              "throw new Unsupported" + "OperationException();"),
          new Rule(
              "only programs print; a room writes to its Log",
              Pattern.compile("System\\.(out|err)|printStackTrace"),
              true,
              MAIN,
              List.of("dev/kelpie/dog/", "dev/kelpie/sheep/"),
              "System.out.println(x);"),
          new Rule(
              "only a program ends itself",
              Pattern.compile("System\\.exit|Runtime\\.getRuntime\\(\\)\\.(exit|halt)"),
              true,
              MAIN,
              List.of("dev/kelpie/dog/", "dev/kelpie/sheep/"),
              "System.exit(1);"),
          new Rule(
              "a caught exception is answered, wrapped or counted, or named _ where it says nothing",
              Pattern.compile("catch \\((?![^)]*\\b_\\))[^)]*\\) \\{\\s*\\}"),
              true,
              ALL,
              List.of(),
              "try { a(); } catch (IOException e) { /* who cares */ }"),
          new Rule(
              "a catch of everything that does nothing hides faults",
              Pattern.compile(
                  "catch \\((Exception|Throwable|RuntimeException|Error)\\b[^)]*\\) \\{\\s*\\}"),
              true,
              ALL,
              List.of(),
              "try { a(); } catch (Exception _) {}"),
          new Rule(
              "no thread-local state; facts travel as parameters",
              Pattern.compile("\\bThreadLocal\\b"),
              true,
              MAIN,
              List.of(),
              "new ThreadLocal<String>()"),
          new Rule(
              "tests wait for a condition (Await), not for time",
              Pattern.compile("Thread\\.sleep"),
              true,
              List.of(Path.of("src/test/java")),
              List.of(),
              "Thread.sleep(100);"));

  @TestFactory
  Stream<DynamicTest> theSourcesKeepTheRules() {
    return RULES.stream()
        .map(rule ->
            DynamicTest.dynamicTest(rule.name(), () -> assertEquals(List.of(), violations(rule))));
  }

  @TestFactory
  Stream<DynamicTest> everyRuleFindsItsExample() {
    return RULES.stream()
        .map(rule ->
            DynamicTest.dynamicTest(
                rule.name(),
                () -> assertTrue(rule.findings(rule.example()).findAny().isPresent())));
  }

  @Test
  void rulesForCodeLookPastCommentsAndStrings() {
    Rule printing = RULES.get(2);
    assertEquals(
        List.of(), printing.findings("/// System.out is not used\nlog(\"System.out\");").toList());
  }

  @Test
  void everyPackageSaysWhatItIsForAndIsNullMarked() throws IOException {
    for (Path root : ALL) {
      for (Path file : sources(root)) {
        Path info = file.resolveSibling("package-info.java");
        assertTrue(Files.exists(info), info + " is missing");
        String text = Files.readString(info);
        assertTrue(text.contains("@NullMarked") && text.startsWith("///"), info.toString());
      }
    }
  }

  private static List<String> violations(Rule rule) throws IOException {
    List<String> found = new ArrayList<>();
    for (Path root : rule.where()) {
      for (Path file : sources(root)) {
        String name = root.relativize(file).toString();
        if (rule.exempt().stream().noneMatch(name::startsWith)) {
          rule.findings(Files.readString(file)).forEach(text -> found.add(name + ": " + text));
        }
      }
    }
    return found;
  }

  private static List<Path> sources(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }
}
