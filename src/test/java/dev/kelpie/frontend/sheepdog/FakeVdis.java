package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.VdiId;
import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiAttributes;
import dev.kelpie.vdi.VdiCacheSettings;
import dev.kelpie.vdi.VdiDirectory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// A directory that answers what it was told to, and keeps what it was asked.
final class FakeVdis implements VdiDirectory {
  final List<String> asked = new CopyOnWriteArrayList<>();
  final BitSet used = new BitSet();
  final List<State> states = new ArrayList<>();
  volatile VdiAnswer answer = new VdiAnswer.Found(new VdiId(7), 3);
  volatile boolean failing;
  final FakeAttributes attributes = new FakeAttributes();
  final FakeCacheSettings cacheSettings = new FakeCacheSettings();

  @Override
  public VdiAnswer lookup(VdiName name, String tag, int snapId) throws IOException {
    return asked("lookup " + name + " [" + tag + "] " + snapId);
  }

  @Override
  public VdiAnswer create(VdiName name, Shape shape) throws IOException {
    return asked("create " + name + " " + shape);
  }

  @Override
  public VdiAnswer clone(VdiName name, VdiId snapshot, Shape shape) throws IOException {
    return asked("clone " + name + " of " + snapshot + " " + shape);
  }

  @Override
  public VdiAnswer snapshot(VdiName name, VdiId base, Shape shape) throws IOException {
    return asked("snapshot " + name + " of " + base + " " + shape);
  }

  @Override
  public VdiAnswer rollback(VdiName name, VdiId snapshot, Shape shape) throws IOException {
    return asked("rollback " + name + " to " + snapshot + " " + shape);
  }

  @Override
  public VdiAnswer delete(VdiName name, String tag, int snapId) throws IOException {
    return asked("delete " + name + " [" + tag + "] " + snapId);
  }

  @Override
  public BitSet inUse() {
    return used;
  }

  @Override
  public List<State> states() {
    return states;
  }

  @Override
  public Optional<State> state(VdiId vdi) {
    return states.stream().filter(state -> state.vdi().equals(vdi)).findFirst();
  }

  @Override
  public VdiAnswer lock(VdiName name, String tag, int snapId, Lock lock) throws IOException {
    return asked("lock " + name + " [" + tag + "] " + snapId + " " + lock);
  }

  @Override
  public void unlock(VdiId vdi) {
    asked.add("unlock " + vdi);
  }

  @Override
  public VdiAnswer alterCopies(VdiId vdi, int copies) throws IOException {
    return asked("alter copies of " + vdi + " to " + copies);
  }

  @Override
  public VdiAttributes attributes() {
    return attributes;
  }

  @Override
  public VdiCacheSettings cacheSettings() {
    return cacheSettings;
  }

  private VdiAnswer asked(String what) throws IOException {
    asked.add(what);
    if (failing) {
      throw new IOException("the records cannot be reached");
    }
    return answer;
  }
}
