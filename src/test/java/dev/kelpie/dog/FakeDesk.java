package dev.kelpie.dog;

import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.ClusterInfo;
import dev.kelpie.wire.DiskCache;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.MdInfo;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RecoveryState;
import dev.kelpie.wire.RecoveryThrottling;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.VdiState;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The part of a sheep in memory that keeps what operators said.
final class FakeDesk {
  /// What stands for the VDI in the ids of attributes.
  static final int NAME_HASH = 0x7c2b25;

  final TreeMap<String, byte[]> attributes = new TreeMap<>();
  final List<VdiState> states = new ArrayList<>();
  final List<MdInfo.MdDisk> disks = new ArrayList<>();

  /// The payloads of MD_PLUG and MD_UNPLUG.
  final List<String> diskChanges = new ArrayList<>();

  /// What STAT_RECOVERY answers, one after the other, and then that all is done.
  final Deque<RecoveryState> recovery = new ArrayDeque<>();

  RecoveryThrottling throttling = new RecoveryThrottling(0, 0, false);
  int logLevel = 6;
  DiskCache diskCache = new DiskCache(0, 0, 0, 0, 5 << 20, 1L << 30, 768 << 20, 512 << 20);
  ClusterInfo info = new ClusterInfo(9, false, 1, 1, 0, 2, 0, ClusterInfo.OK, "plain", List.of());

  private final FakeSheep sheep;

  FakeDesk(FakeSheep sheep) {
    this.sheep = sheep;
  }

  FakeSheep.Answer answer(Opcode opcode, RequestHeader request, ByteBuffer payload) {
    return switch (opcode) {
      case GET_VDI_ATTR -> attribute(request, payload);
      case GET_VDI_COPIES -> states(request);
      case MD_INFO -> data(request, MdInfo.SIZE, new MdInfo(disks)::encode);
      case MD_PLUG, MD_UNPLUG -> {
        diskChanges.add(opcode + " " + StandardCharsets.ISO_8859_1.decode(payload));
        yield sheep.result(request, ResultCode.SUCCESS);
      }
      case STAT_RECOVERY ->
          data(
              request,
              RecoveryState.SIZE,
              Optional.ofNullable(recovery.poll()).orElse(new RecoveryState(false, 0, 0, 0))
                  ::encode);
      case GET_RECOVERY -> data(request, RecoveryThrottling.SIZE, throttling::encode);
      case SET_RECOVERY -> {
        throttling = decodeThrottling(payload);
        yield sheep.result(request, ResultCode.SUCCESS);
      }
      case GET_LOGLEVEL -> data(request, Integer.BYTES, out -> out.putInt(logLevel));
      case SET_LOGLEVEL -> {
        logLevel = payload.getInt();
        yield sheep.result(request, ResultCode.SUCCESS);
      }
      case CLUSTER_INFO -> data(request, ClusterInfo.SIZE, info::encode);
      case OIDS_EXIST -> missing(request, payload);
      case DELETE_CACHE, CACHE_PURGE ->
          sheep.fields(request, new ResponseFields.Obj(0, request.has(RequestFlags.FORCE) ? 7 : 0));
      case CACHE_SETTINGS -> cacheSettings(request, payload);
      case RELEASE_VDI,
          ALTER_VDI_COPY,
          ALTER_CLUSTER_COPY,
          ENABLE_RECOVER,
          DISABLE_RECOVER,
          FORCE_RECOVER,
          REWEIGHT ->
          sheep.result(request, ResultCode.SUCCESS);
      default -> throw new AssertionError("the admin program never sends " + opcode);
    };
  }

  private FakeSheep.Answer cacheSettings(RequestHeader request, ByteBuffer payload) {
    if (!request.has(RequestFlags.WRITE)) {
      return data(request, DiskCache.SIZE, diskCache::encode);
    }
    try {
      DiskCache wanted = DiskCache.decode(payload);
      diskCache =
          new DiskCache(
              0,
              wanted.changes(DiskCache.MODE) ? wanted.mode() : diskCache.mode(),
              wanted.changes(DiskCache.MAX) ? wanted.max() : diskCache.max(),
              wanted.changes(DiskCache.MIN) ? wanted.min() : diskCache.min(),
              diskCache.used(),
              diskCache.cacheSize(),
              diskCache.reservable(),
              diskCache.reservedByOthers());
    } catch (MalformedPayload e) {
      throw new AssertionError(e);
    }
    return sheep.result(request, ResultCode.SUCCESS);
  }

  private FakeSheep.Answer attribute(RequestHeader request, ByteBuffer payload) {
    Attribute wanted;
    try {
      wanted = Attribute.decode(payload.duplicate().order(ByteOrder.LITTLE_ENDIAN));
    } catch (MalformedPayload e) {
      throw new AssertionError(e);
    }
    byte[] bytes = new byte[Attribute.SIZE];
    payload.get(bytes);
    String key = wanted.key();
    boolean there = attributes.containsKey(key);
    if (request.has(RequestFlags.ATTR_DELETE)) {
      return sheep.result(
          request, attributes.remove(key) == null ? ResultCode.NO_OBJ : ResultCode.SUCCESS);
    } else if (request.has(RequestFlags.ATTR_CREATE)) {
      if (there && request.has(RequestFlags.ATTR_EXCLUSIVE)) {
        return sheep.result(request, ResultCode.VDI_EXIST);
      }
      attributes.put(key, bytes);
    } else if (!there) {
      return sheep.result(request, ResultCode.NO_OBJ);
    }
    sheep.attribute(NAME_HASH, key.hashCode(), Optional.ofNullable(attributes.get(key)));
    return sheep.fields(request, new ResponseFields.Vdi(NAME_HASH, key.hashCode(), 0, 0));
  }

  private FakeSheep.Answer states(RequestHeader request) {
    int size = states.size() * VdiState.SIZE;
    return request.dataLength() < size
        ? sheep.result(request, ResultCode.BUFFER_SMALL)
        : data(request, size, out -> states.forEach(state -> state.encode(out)));
  }

  private FakeSheep.Answer missing(RequestHeader request, ByteBuffer payload) {
    List<Long> missing = new ArrayList<>();
    while (payload.hasRemaining()) {
      long oid = payload.getLong();
      if (!sheep.has(oid)) {
        missing.add(oid);
      }
    }
    ByteBuffer out =
        ByteBuffer.allocate(missing.size() * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    missing.forEach(out::putLong);
    ResultCode result = missing.isEmpty() ? ResultCode.SUCCESS : ResultCode.NO_OBJ;
    return sheep.answer(request, result, out.array());
  }

  private FakeSheep.Answer data(RequestHeader request, int size, Consumer<ByteBuffer> encode) {
    byte[] bytes = new byte[size];
    encode.accept(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    return sheep.answer(request, ResultCode.SUCCESS, bytes);
  }

  private static RecoveryThrottling decodeThrottling(ByteBuffer payload) {
    try {
      return RecoveryThrottling.decode(payload);
    } catch (MalformedPayload e) {
      throw new AssertionError(e);
    }
  }

  /// The fields of the last request.
  RequestFields lastFields() {
    return sheep.requests.getLast().fields();
  }
}
