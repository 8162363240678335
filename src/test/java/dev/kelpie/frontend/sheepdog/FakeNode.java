package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Format;
import dev.kelpie.cluster.Member;
import dev.kelpie.log.Level;
import dev.kelpie.platform.Disk;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A node that does nothing but remember.
final class FakeNode implements NodeControl {
  static final Instant FORMATTED = Instant.ofEpochSecond(1_700_000_000);

  final List<String> asked = new CopyOnWriteArrayList<>();
  volatile Standing standing = Standing.SERVING;
  volatile List<Member> members = List.of(member(7000));
  volatile boolean failing;
  volatile boolean steadfast;
  volatile Level level = Level.INFO;
  private final RecoveryControl recovery = new AloneRecovery();
  private final ClusterBook book;

  FakeNode(ClusterBook book) {
    this.book = book;
  }

  static Member member(int port) {
    return new Member(InetAddress.getLoopbackAddress(), port, 128, port, 1L << 40);
  }

  @Override
  public Standing standing() {
    return standing;
  }

  @Override
  public List<Member> members() {
    return members;
  }

  @Override
  public Member self() {
    return members().getFirst();
  }

  @Override
  public RecoveryControl recovery() {
    return recovery;
  }

  @Override
  public List<DiskUse> disks() {
    return List.of(new DiskUse("/disks/one", 600, 400), new DiskUse("/disks/two", 0, 50));
  }

  @Override
  public void plug(List<String> paths) throws IOException {
    change("plug", paths);
  }

  @Override
  public void unplug(List<String> paths) throws IOException {
    change("unplug", paths);
  }

  private void change(String what, List<String> paths) throws IOException {
    asked.add(what + " " + paths);
    if (failing) {
      throw new IOException("the disk is broken");
    }
  }

  @Override
  public Level logLevel() {
    return level;
  }

  @Override
  public void logLevel(Level wanted) {
    level = wanted;
  }

  @Override
  public Disk.Space space() throws IOException {
    if (failing) {
      throw new IOException("no disk is left");
    }
    return new Disk.Space(1000, 400);
  }

  @Override
  public void format(Format how) throws IOException {
    asked.add(how.toString());
    if (steadfast) {
      return;
    }
    book.unformat();
    if (failing) {
      throw new IOException("the objects cannot be removed");
    }
    book.format(how, members, FORMATTED);
  }

  @Override
  public void shutdown(String client) {
    asked.add("shutdown");
    standing = steadfast ? standing : Standing.SHUTTING_DOWN;
  }

  @Override
  public void kill(String client) {
    asked.add("kill");
    standing = steadfast ? standing : Standing.KILLED;
  }
}
