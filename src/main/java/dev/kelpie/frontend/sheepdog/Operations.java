package dev.kelpie.frontend.sheepdog;

import dev.kelpie.frontend.sheepdog.Operation.Change;
import dev.kelpie.frontend.sheepdog.Operation.Content;
import dev.kelpie.frontend.sheepdog.Operation.Formatting;
import dev.kelpie.frontend.sheepdog.Operation.Free;
import dev.kelpie.frontend.sheepdog.Operation.Refused;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Clock;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.ResultCode;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// What is done for each opcode: the table of the protocol as this release serves it.
final class Operations {
  private final Map<Opcode, Operation> table = new EnumMap<>(Opcode.class);

  Operations(Services services, Clock clock, RequestCounters counters, Log log) {
    RecoveryControl recovery = services.node().recovery();
    for (Opcode opcode : Opcode.values()) {
      table.put(opcode, new Refused(unserved(opcode)));
    }
    objects(new ObjectRequests(services.objects(), services.cache().isPresent()));
    replicas(new ReplicaRequests(services.store(), services.objects()));
    vdis(new VdiRequests(services, log));
    attributes(new AttributeRequests(services.vdis().attributes()));
    cluster(new ClusterRequests(services.book(), services.node(), clock, recovery));
    recovery(new RecoveryRequests(recovery));
    node(new NodeRequests(services.node(), counters));
    cache(new CacheRequests(services.cache(), services.vdis()));
    cacheSettings(new CacheSettingsRequests(services.vdis().cacheSettings(), services.cache()));
  }

  /// What is done for an opcode.
  Operation of(Opcode opcode) {
    return Objects.requireNonNull(table.get(opcode));
  }

  /// Opcodes of other releases are unknown to release 0.9; the rest will be served some day.
  private static ResultCode unserved(Opcode opcode) {
    boolean unknown =
        opcode.scope() == Opcode.Scope.NOWHERE || opcode == Opcode.GET_CLUSTER_DEFAULT;
    return unknown ? ResultCode.INVALID_PARMS : ResultCode.NO_SUPPORT;
  }

  private void objects(ObjectRequests objects) {
    table.put(Opcode.CREATE_AND_WRITE_OBJ, new Change(objects::create));
    table.put(Opcode.READ_OBJ, new Content(objects.reading()));
    table.put(Opcode.WRITE_OBJ, new Change(objects.writing()));
    table.put(Opcode.REMOVE_OBJ, new Change(objects::remove));
    table.put(Opcode.DISCARD_OBJ, new Change(objects::discard));
    table.put(Opcode.FLUSH_VDI, new Content(objects::flush));
    table.put(Opcode.EXIST, new Content(objects::exists));
  }

  private void replicas(ReplicaRequests replicas) {
    table.put(Opcode.GET_HASH, new Content(replicas::hash));
    table.put(Opcode.OIDS_EXIST, new Content(replicas::missing));
  }

  private void vdis(VdiRequests vdis) {
    table.put(Opcode.NEW_VDI, new Content(vdis::make));
    table.put(Opcode.LOCK_VDI, new Content(vdis::lock));
    table.put(Opcode.RELEASE_VDI, new Content(vdis::release));
    table.put(Opcode.GET_VDI_INFO, new Content(vdis::lookup));
    table.put(Opcode.READ_VDIS, new Content(vdis::inUse));
    table.put(Opcode.DEL_VDI, new Content(vdis::delete));
    table.put(Opcode.GET_VDI_COPIES, new Content(vdis::states));
    table.put(Opcode.ALTER_VDI_COPY, new Content(vdis::alterCopies));
  }

  private void attributes(AttributeRequests attributes) {
    table.put(Opcode.GET_VDI_ATTR, new Content(attributes::attribute));
  }

  private void cluster(ClusterRequests cluster) {
    table.put(Opcode.GET_NODE_LIST, new Free(cluster::nodes));
    table.put(Opcode.MAKE_FS, new Formatting(cluster::format));
    table.put(Opcode.SHUTDOWN, new Free(cluster::shutdown));
    table.put(Opcode.STAT_CLUSTER, new Free(cluster::epochs));
    table.put(Opcode.GET_STORE_LIST, new Free(cluster::stores));
    table.put(Opcode.CLUSTER_INFO, new Free(cluster::info));
    table.put(Opcode.ALTER_CLUSTER_COPY, new Content(cluster::alterCopies));
  }

  private void recovery(RecoveryRequests recovery) {
    table.put(Opcode.ENABLE_RECOVER, new Free(recovery::enable));
    table.put(Opcode.DISABLE_RECOVER, new Free(recovery::disable));
    table.put(Opcode.FORCE_RECOVER, new Free(recovery::force));
    table.put(Opcode.REWEIGHT, new Free(recovery::reweight));
    table.put(Opcode.STAT_RECOVERY, new Free(recovery::state));
    table.put(Opcode.GET_RECOVERY, new Free(recovery::throttling));
    table.put(Opcode.SET_RECOVERY, new Free(recovery::throttle));
  }

  private void node(NodeRequests node) {
    table.put(Opcode.STAT_SHEEP, new Free(node::space));
    table.put(Opcode.KILL_NODE, new Free(node::kill));
    table.put(Opcode.STAT, new Free(node::counters));
    table.put(Opcode.MD_INFO, new Free(node::disks));
    table.put(Opcode.MD_PLUG, new Free(node::plug));
    table.put(Opcode.MD_UNPLUG, new Free(node::unplug));
    table.put(Opcode.GET_LOGLEVEL, new Free(node::logLevel));
    table.put(Opcode.SET_LOGLEVEL, new Free(node::setLogLevel));
  }

  private void cache(CacheRequests cache) {
    table.put(Opcode.FLUSH_DEL_CACHE, new Content(cache::drop));
    table.put(Opcode.DELETE_CACHE, new Content(cache::drop));
    table.put(Opcode.GET_CACHE_INFO, new Free(cache::info));
    table.put(Opcode.CACHE_PURGE, new Content(cache::purge));
    table.put(Opcode.CACHE_STATS, new Free(cache::stats));
    table.put(Opcode.CHECK_CACHE, new Content(cache::check));
    table.put(Opcode.WARM_CACHE, new Content(cache::warm));
  }

  private void cacheSettings(CacheSettingsRequests settings) {
    table.put(Opcode.CACHE_SETTINGS, new Content(settings::handle));
  }
}
