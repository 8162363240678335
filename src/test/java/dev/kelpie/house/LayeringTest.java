package dev.kelpie.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// The floor plan: a room may use the rooms listed for it, and no other.
final class LayeringTest {
  private static final String ROOT = "dev.kelpie.";

  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("model", Set.of()),
          Map.entry("metrics", Set.of()),
          Map.entry("log", Set.of()),
          Map.entry("config", Set.of()),
          Map.entry("platform", Set.of()),
          Map.entry("platform.jvm", Set.of("platform")),
          Map.entry("tls", Set.of("platform")),
          Map.entry("stream", Set.of("tls", "platform", "log")),
          Map.entry("object", Set.of("model")),
          Map.entry("wire", Set.of("model")),
          Map.entry("placement", Set.of("model")),
          Map.entry("cluster", Set.of("model", "platform", "log")),
          Map.entry("cluster.journal", Set.of("cluster", "platform")),
          Map.entry(
              "cluster.embedded", Set.of("cluster.journal", "cluster", "model", "platform", "log")),
          Map.entry(
              "cluster.local", Set.of("cluster.journal", "cluster", "model", "platform", "log")),
          Map.entry("cluster.zookeeper", Set.of("cluster", "config", "platform", "log")),
          Map.entry("store.disk", Set.of("object", "model", "platform", "log")),
          Map.entry(
              "replica", Set.of("object", "cluster", "placement", "model", "platform", "log")),
          Map.entry(
              "peer",
              Set.of("replica", "object", "model", "wire", "stream", "tls", "platform", "log")),
          Map.entry("cache", Set.of("object", "model", "platform", "log")),
          Map.entry("vdi", Set.of("object", "cluster", "model", "platform", "log")),
          Map.entry("volume", Set.of("vdi", "object", "model", "platform", "log")),
          Map.entry(
              "frontend.nbd",
              Set.of("stream", "tls", "volume", "object", "metrics", "model", "platform", "log")),
          Map.entry(
              "frontend.sheepdog",
              Set.of(
                  "stream",
                  "tls",
                  "wire",
                  "cache",
                  "vdi",
                  "cluster",
                  "object",
                  "metrics",
                  "model",
                  "platform",
                  "log")),
          Map.entry(
              "status",
              Set.of("stream", "tls", "cache", "object", "metrics", "model", "platform", "log")),
          Map.entry(
              "sheep",
              Set.of(
                  "cache",
                  "cluster",
                  "cluster.embedded",
                  "cluster.local",
                  "cluster.zookeeper",
                  "config",
                  "frontend.nbd",
                  "frontend.sheepdog",
                  "log",
                  "metrics",
                  "model",
                  "object",
                  "peer",
                  "platform",
                  "platform.jvm",
                  "replica",
                  "status",
                  "store.disk",
                  "stream",
                  "tls",
                  "vdi",
                  "volume",
                  "wire")),
          Map.entry(
              "dog",
              Set.of("placement", "wire", "tls", "config", "model", "platform", "platform.jvm")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.kelpie");

  @TestFactory
  List<DynamicTest> eachRoomUsesOnlyTheRoomsBelowIt() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Map.Entry<String, Set<String>> room : new java.util.TreeMap<>(MAY_USE).entrySet()) {
      tests.add(
          DynamicTest.dynamicTest(room.getKey(), () -> usesOnly(room.getKey(), room.getValue())));
    }
    return tests;
  }

  @Test
  void everyPackageIsARoomOfThePlan() {
    Set<String> packages = new TreeSet<>();
    CLASSES.forEach(c -> packages.add(c.getPackageName().substring(ROOT.length())));
    packages.removeAll(MAY_USE.keySet());
    assertEquals(Set.of(), packages, "packages without a place in the floor plan");
  }

  @Test
  void thereAreNoCycles() {
    slices().matching("dev.kelpie.(**)").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void onlyThePlatformOpensTheDoorsToTheWorld() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.kelpie.platform.jvm", "dev.kelpie.log", "dev.kelpie.sheep", "dev.kelpie.dog")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.nio.file.Files")
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage("java.util.concurrent.locks", "java.net.http")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.nio.channels.FileChannel")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.nio.channels.SocketChannel")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.util.Random")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .because("a room reaches the world through its Platform, so that tests can replay it")
        .check(CLASSES);
  }

  private static void usesOnly(String room, Set<String> others) {
    List<String> allowed = new ArrayList<>(List.of("java..", "javax..", "org.jspecify.."));
    if (room.equals("sheep") || room.equals("platform.jvm") || room.equals("dog")) {
      allowed.add("sun.misc..");
    }
    if (room.equals("cluster.zookeeper")) {
      allowed.add("org.apache.zookeeper..");
    }
    allowed.add(ROOT + room);
    others.forEach(other -> allowed.add(ROOT + other));
    classes()
        .that()
        .resideInAPackage(ROOT + room)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(allowed.toArray(String[]::new))
        .allowEmptyShould(true)
        .check(CLASSES);
  }
}
