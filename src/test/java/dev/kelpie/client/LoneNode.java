package dev.kelpie.client;

import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.frontend.sheepdog.AloneRecovery;
import dev.kelpie.frontend.sheepdog.NodeControl;
import dev.kelpie.frontend.sheepdog.RecoveryControl;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.util.List;

/// A node that always serves, and that operators can ask but not change.
record LoneNode(Member self) implements NodeControl {
  @Override
  public Standing standing() {
    return Standing.SERVING;
  }

  @Override
  public List<Member> members() {
    return List.of(self);
  }

  @Override
  public RecoveryControl recovery() {
    return new AloneRecovery();
  }

  @Override
  public List<DiskUse> disks() {
    return List.of(new DiskUse("/disk", 1, 1));
  }

  @Override
  public void plug(List<String> paths) throws IOException {
    throw new IOException("there is no other disk");
  }

  @Override
  public void unplug(List<String> paths) throws IOException {
    throw new IOException("there is no other disk");
  }

  @Override
  public Level logLevel() {
    return Level.INFO;
  }

  @Override
  public void logLevel(Level level) {}

  @Override
  public Disk.Space space() {
    return new Disk.Space(1000, 400);
  }

  @Override
  public void format(Format how) throws IOException {
    throw new IOException("it stays as it is");
  }

  @Override
  public void shutdown(String client) {}

  @Override
  public void kill(String client) {}
}
