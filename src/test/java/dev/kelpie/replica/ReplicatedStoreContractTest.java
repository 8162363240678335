package dev.kelpie.replica;

import dev.kelpie.object.ObjectStore;
import dev.kelpie.object.ObjectStoreContract;
import dev.kelpie.stream.Access;
import java.io.IOException;
import java.util.Optional;

/// What every store does, done by three nodes with two copies of everything.
final class ReplicatedStoreContractTest extends ObjectStoreContract {
  private Optional<LoopbackCluster> cluster = Optional.empty();

  @Override
  protected ObjectStore open() throws IOException {
    cluster = Optional.of(new LoopbackCluster(3, 2, Access.OPEN, Optional.empty()));
    return cluster.get().nodes().getFirst().store();
  }

  @Override
  protected void closed() throws IOException {
    cluster.orElseThrow().close();
  }
}
