package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.VdiId;
import dev.kelpie.object.CacheSettings;
import dev.kelpie.vdi.VdiAnswer;
import dev.kelpie.vdi.VdiCacheSettings;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/// Settings in memory; those of other VDIs are refused.
final class FakeCacheSettings implements VdiCacheSettings {
  final Map<VdiId, CacheSettings> disks = new ConcurrentHashMap<>();
  volatile boolean failing;

  @Override
  public Optional<Standing> of(VdiId vdi) {
    return Optional.ofNullable(disks.get(vdi))
        .map(settings -> new Standing(settings, List.of(vdi, new VdiId(1)), 3 << 20, 1 << 20));
  }

  @Override
  public VdiAnswer change(VdiId vdi, UnaryOperator<CacheSettings> change) throws IOException {
    if (!disks.containsKey(vdi)) {
      return new VdiAnswer.Refused(VdiAnswer.Reason.NO_VDI);
    }
    disks.computeIfPresent(vdi, (_, before) -> change.apply(before));
    if (failing) {
      throw new IOException("dirty data could not be pushed");
    }
    return new VdiAnswer.Found(vdi, 1);
  }
}
