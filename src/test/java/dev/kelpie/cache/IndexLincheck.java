package dev.kelpie.cache;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.kelpie.testing.PatchedClasses;
import dev.kelpie.testing.PatchedClasses.Edit;
import java.io.IOException;
import java.util.List;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.verifier.EpsilonVerifier;
import org.jetbrains.lincheck.datastructures.verifier.LinearizabilityVerifier;
import org.jetbrains.lincheck.datastructures.verifier.Verifier;
import org.junit.jupiter.api.Test;

/// The index under the interleavings of a few requests, which Lincheck chooses; the same ones in
/// every run. Each answer is one that the requests would have got one after the other, and
/// afterwards counts and records agree.
///
/// Not called a test, since it has a Java machine of its own: Lincheck changes classes as they are
/// loaded.
final class IndexLincheck {
  /// What only calculates or is of one request, and the check at the end: no place to switch. (The
  /// ids are records, whose fields Lincheck cannot find.)
  private static final String[] PLAIN = {
    "dev.kelpie.model.ObjectId",
    "dev.kelpie.model.VdiId",
    "dev.kelpie.cache.BlockMask",
    "dev.kelpie.cache.CacheCheck",
    "dev.kelpie.cache.IndexLayout",
    "dev.kelpie.cache.PushRate",
    "dev.kelpie.cache.RecordCheck",
    "dev.kelpie.cache.Streams",
    "dev.kelpie.cache.VdiCounters"
  };

  private static final Edit[] FREE_BEFORE_ITS_OWNER_IS_OFF = {
    in("CacheState", "    space.release(chunk, vdi);\n", ""),
    in(
        "CacheState",
        "    stripe.remove(chunk);\n    table.free(chunk);\n",
        "    space.release(chunk, vdi(id));\n    stripe.remove(chunk);\n    table.free(chunk);\n")
  };

  private static void check(Class<?> operations, Class<? extends Verifier> verifier, int scripts) {
    new ModelCheckingOptions()
        .verifier(verifier)
        .iterations(scripts)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsBefore(2)
        .actorsPerThread(2)
        .actorsAfter(1)
        .minimizeFailedScenario(false)
        .addGuarantee(ManagedStrategyGuaranteeKt.forClasses(PLAIN).allMethods().ignore())
        .check(operations);
  }

  @Test
  void requestsChangeTheIndexAsIfOneCameAfterTheOther() {
    check(IndexOperations.class, LinearizabilityVerifier.class, 15);
  }

  /// Of which object a chunk is taken no order of the requests says: so here it is counts and
  /// records alone.
  @Test
  void evictionLeavesCountsAndRecordsInLine() {
    check(EvictionOperations.class, EpsilonVerifier.class, 5);
  }

  @Test
  void aChunkThatIsFreeBeforeItsOwnerIsOffIsFound() throws IOException, ClassNotFoundException {
    assertFound(IndexOperations.class, LinearizabilityVerifier.class, FREE_BEFORE_ITS_OWNER_IS_OFF);
    assertFound(EvictionOperations.class, EpsilonVerifier.class, FREE_BEFORE_ITS_OWNER_IS_OFF);
  }

  @Test
  void aCountOfDirtyChunksThatTwoTakeAtOnceIsFound() throws IOException, ClassNotFoundException {
    assertFound(
        IndexOperations.class,
        LinearizabilityVerifier.class,
        in(
            "CacheState",
            "dirtyChunks.compareAndSet(before, before + 1)",
            "dirtyChunks.getAndSet(before + 1) >= 0"));
  }

  private static Edit in(String name, String find, String put) {
    return new Edit("dev.kelpie.cache." + name, find, put);
  }

  private static void assertFound(
      Class<?> operations, Class<? extends Verifier> verifier, Edit... bug)
      throws IOException, ClassNotFoundException {
    Class<?> patched = PatchedClasses.of(List.of(bug)).loadClass(operations.getName());
    Throwable found =
        assertThrows(LincheckAssertionError.class, () -> check(patched, verifier, 15));
    String report = String.valueOf(found.getMessage());
    assertTrue(
        report.contains("Invalid execution results") || report.contains("Validation function"),
        report);
  }
}
