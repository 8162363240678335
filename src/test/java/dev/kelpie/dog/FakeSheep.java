package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.SheepHash;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.CacheCheck;
import dev.kelpie.wire.CacheStats;
import dev.kelpie.wire.EpochLog;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.NameAndTag;
import dev.kelpie.wire.Node;
import dev.kelpie.wire.NodeAddress;
import dev.kelpie.wire.NodeId;
import dev.kelpie.wire.ObjectCacheInfo;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import dev.kelpie.wire.SheepStat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// A sheep in memory that does what the admin program asks of one, as simply as can be. A test sets
/// the fields, and may make an opcode fail.
final class FakeSheep {
  /// Seconds of the time at which everything happens: 2026-11-22 13:34:15 UTC.
  static final long NOW = 1_795_354_455L;

  final List<RequestHeader> requests = new ArrayList<>();
  final List<byte[]> payloads = new ArrayList<>();
  final Map<Opcode, ResultCode> refusals = new EnumMap<>(Opcode.class);
  final TreeMap<ObjectId, byte[]> objects = new TreeMap<>();
  final List<Node> nodes = new ArrayList<>();
  final List<EpochLog> epochs = new ArrayList<>();
  ResultCode clusterState = ResultCode.SUCCESS;
  long storeSize = 100L << 30;
  long storeFree = 75L << 30;
  int epoch = 1;
  Optional<ObjectCacheInfo> cache = Optional.empty();
  Optional<CacheStats> cacheStats = Optional.empty();
  int cacheStatsRoom;

  /// What the next questions find, one after the other.
  final Deque<CacheStats> cacheStatsLater = new ArrayDeque<>();

  final List<CacheCheck> cacheChecks = new ArrayList<>();

  /// What can still be warmed.
  long cacheRoom = Long.MAX_VALUE;

  SheepStat stat =
      new SheepStat(
          new SheepStat.Gateway(0, 0, 0, 0, 0, 0, 0, 0), new SheepStat.Peer(0, 0, 0, 0, 0, 0, 0));

  /// What operators said.
  final FakeDesk desk = new FakeDesk(this);

  /// The id of an object whose reads and writes fail; 0 for none.
  long badObject;

  /// Whether the member list ends in the middle of a node.
  boolean oddNodeList;

  /// An answer: the header and what follows it.
  record Answer(ResponseHeader header, byte[] data) {}

  /// A node on this machine.
  static Node node(int port, int vnodes, int zone) {
    NodeId id = new NodeId(new NodeAddress(0, 0x7f000001L, port), NodeAddress.NONE);
    return new Node(id, vnodes, zone, 0);
  }

  /// Adds a VDI as it stands in its inode; `map` is the beginning of its object map.
  void vdi(InodeHeader inode, int... map) {
    byte[] bytes = new byte[InodeHeader.SIZE + map.length * Integer.BYTES];
    ByteBuffer out = little(bytes);
    inode.encode(out);
    for (int owner : map) {
      out.putInt(owner);
    }
    objects.put(ObjectId.inode(new VdiId(inode.vdi())), bytes);
  }

  /// A working VDI.
  static InodeHeader working(String name, int vdi, long size) {
    return inode(name, "", vdi, 0, 1, 0, size);
  }

  static InodeHeader inode(
      String name, String tag, int vdi, long snapTime, int snapId, int parent, long size) {
    return new InodeHeader(
        name, tag, NOW << 32, snapTime, 0, size, 0, 0, 0, 2, 22, snapId, vdi, parent, 0);
  }

  InodeHeader inode(int vdi) {
    byte[] bytes = Optional.ofNullable(objects.get(ObjectId.inode(new VdiId(vdi)))).orElseThrow();
    try {
      return InodeHeader.decode(ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    } catch (MalformedPayload e) {
      throw new AssertionError(e);
    }
  }

  /// The entry of a VDI's object map.
  int owner(int vdi, int index) {
    int at = InodeHeader.MAP_OFFSET + index * Integer.BYTES;
    return ByteBuffer.wrap(read(ObjectId.inode(new VdiId(vdi)), at, Integer.BYTES))
        .order(ByteOrder.LITTLE_ENDIAN)
        .getInt();
  }

  /// The opcodes that came in, in order.
  List<Opcode> opcodes() {
    return requests.stream().map(r -> r.opcode().orElseThrow()).toList();
  }

  Answer answer(RequestHeader request, byte[] payload) {
    requests.add(request);
    payloads.add(payload);
    Opcode opcode = request.opcode().orElseThrow();
    if (request.framing() != RequestHeader.Framing.SOUND) {
      throw new AssertionError("a request that no sheep takes: " + request);
    }
    ResultCode refusal = refusals.get(opcode);
    return refusal == null
        ? carryOut(opcode, request, ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN))
        : result(request, refusal);
  }

  private Answer carryOut(Opcode opcode, RequestHeader request, ByteBuffer payload) {
    return switch (opcode) {
      case GET_NODE_LIST -> nodeList(request);
      case STAT_SHEEP ->
          fields(request, new ResponseFields.Node(nodes.size(), storeSize, storeFree));
      case STAT_CLUSTER -> clusterStatus(request);
      case STAT -> data(request, encoded(SheepStat.SIZE, stat::encode));
      case READ_VDIS -> data(request, bitmap());
      case GET_VDI_INFO -> lookup(request, payload);
      case NEW_VDI -> newVdi(request, payload);
      case DEL_VDI -> delete(request, payload);
      case READ_OBJ -> readObject(request);
      case WRITE_OBJ, CREATE_AND_WRITE_OBJ -> writeObject(opcode, request, payload);
      case EXIST ->
          result(
              request,
              objects.containsKey(object(request)) ? ResultCode.SUCCESS : ResultCode.NO_OBJ);
      case GET_CACHE_INFO ->
          cache
              .map(c -> data(request, encoded(ObjectCacheInfo.SIZE, c::encode)))
              .orElseGet(() -> result(request, ResultCode.INVALID_PARMS));
      case CACHE_STATS -> cacheStats(request);
      case CHECK_CACHE ->
          data(request, encoded(CacheCheck.SIZE, cacheChecks.removeFirst()::encode));
      case WARM_CACHE -> warm(request);
      case GET_STORE_LIST -> data(request, "tree plain ".getBytes(StandardCharsets.US_ASCII));
      case FLUSH_VDI, KILL_NODE, SHUTDOWN, MAKE_FS -> result(request, ResultCode.SUCCESS);
      case GET_HASH -> hash(request);
      default -> desk.answer(opcode, request, payload);
    };
  }

  private Answer cacheStats(RequestHeader request) {
    if (cacheStats.isEmpty()) {
      return result(request, ResultCode.INVALID_PARMS);
    }
    CacheStats stats = cacheStats.get();
    int size = (int) CacheStats.size(stats.vdis().size());
    if (Math.max(size, cacheStatsRoom) > request.dataLength()) {
      return result(request, ResultCode.BUFFER_SMALL);
    }
    cacheStats = Optional.ofNullable(cacheStatsLater.pollFirst()).or(() -> Optional.of(stats));
    return data(request, encoded(size, stats::encode));
  }

  private Answer warm(RequestHeader request) {
    RequestFields.Range range = (RequestFields.Range) request.fields();
    boolean fits = range.length() <= cacheRoom;
    cacheRoom -= fits ? range.length() : 0;
    ResultCode result = fits ? ResultCode.SUCCESS : ResultCode.NO_SPACE;
    ResponseFields came = new ResponseFields.Obj(0, fits ? range.length() : 0);
    return new Answer(ResponseHeader.answering(request, epoch, result, 0, came), new byte[0]);
  }

  private Answer nodeList(RequestHeader request) {
    byte[] list = new byte[nodes.size() * Node.SIZE + (oddNodeList ? 1 : 0)];
    ByteBuffer out = little(list);
    nodes.forEach(n -> n.encode(out));
    return data(request, list);
  }

  private Answer clusterStatus(RequestHeader request) {
    int slots = ((RequestFields.Cluster) request.fields()).nodes();
    if (epochs.stream().anyMatch(e -> e.nodes().size() > slots)) {
      return result(request, ResultCode.BUFFER_SMALL);
    }
    int count = Math.min(epochs.size(), request.dataLength() / EpochLog.size(slots));
    byte[] logs = new byte[count * EpochLog.size(slots)];
    ByteBuffer out = little(logs);
    epochs.subList(0, count).forEach(e -> e.encode(out, slots));
    ResponseHeader header =
        ResponseHeader.answering(request, epoch, clusterState, logs.length, ResponseFields.NONE);
    return new Answer(header, logs);
  }

  private byte[] bitmap() {
    byte[] bits = new byte[VdiId.COUNT / Byte.SIZE];
    for (ObjectId object : objects.keySet()) {
      if (object.kind() == ObjectId.Kind.INODE) {
        bits[object.vdiBits() / Byte.SIZE] |= (byte) (1 << (object.vdiBits() % Byte.SIZE));
      }
    }
    return bits;
  }

  private List<InodeHeader> inodes(String name) {
    List<InodeHeader> inodes = new ArrayList<>();
    for (ObjectId object : objects.keySet()) {
      if (object.kind() == ObjectId.Kind.INODE && inode(object.vdiBits()).name().equals(name)) {
        inodes.add(inode(object.vdiBits()));
      }
    }
    return inodes;
  }

  private Answer lookup(RequestHeader request, ByteBuffer payload) {
    NameAndTag names = names(payload);
    int snapId = ((RequestFields.Vdi) request.fields()).snapId();
    boolean anyWorking = false;
    for (InodeHeader inode : inodes(names.name())) {
      anyWorking |= !inode.snapshot();
      if (isMeant(inode, names.tag(), snapId)) {
        return fields(request, ResponseFields.Vdi.found(inode.vdi(), inode.copies()));
      }
    }
    return result(request, anyWorking ? ResultCode.NO_TAG : ResultCode.NO_VDI);
  }

  private static boolean isMeant(InodeHeader inode, String tag, int snapId) {
    if (snapId == 0 && tag.isEmpty()) {
      return !inode.snapshot();
    }
    boolean tagged = !tag.isEmpty() && inode.tag().equals(tag);
    return inode.snapshot() && (inode.snapId() == snapId || tagged);
  }

  private Answer newVdi(RequestHeader request, ByteBuffer payload) {
    String name = names(payload).name();
    RequestFields.Vdi f = (RequestFields.Vdi) request.fields();
    List<InodeHeader> old = inodes(name);
    boolean exists = old.stream().anyMatch(i -> !i.snapshot());
    if (f.snapId() == RequestFields.Vdi.CREATE && exists) {
      return result(request, ResultCode.VDI_EXIST);
    }
    int vdi = SheepHash.vdiSlot(name.getBytes(StandardCharsets.ISO_8859_1));
    while (objects.containsKey(ObjectId.inode(new VdiId(vdi)))) {
      vdi++;
    }
    byte[] map = new byte[0];
    if (f.baseVdi() != 0) {
      byte[] base = inodeBytes(f.baseVdi());
      map = Arrays.copyOfRange(base, InodeHeader.SIZE, base.length);
    }
    for (InodeHeader working : old) {
      if (!working.snapshot() && f.snapId() == RequestFields.Vdi.SNAPSHOT) {
        ByteBuffer.wrap(inodeBytes(working.vdi()))
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(520, NOW << 32);
      } else if (!working.snapshot()) {
        objects.put(ObjectId.inode(new VdiId(working.vdi())), new byte[InodeHeader.SIZE]);
      }
    }
    int copies = f.copies() == 0 ? 2 : f.copies();
    InodeHeader made =
        new InodeHeader(
            name,
            "",
            NOW << 32,
            0,
            0,
            f.size(),
            0,
            f.copyPolicy(),
            f.storePolicy(),
            copies,
            22,
            old.size() + 1,
            vdi,
            f.baseVdi(),
            0);
    vdi(made);
    ObjectId object = ObjectId.inode(new VdiId(vdi));
    write(object, InodeHeader.SIZE, map);
    return fields(request, ResponseFields.Vdi.found(vdi, copies));
  }

  private byte[] inodeBytes(int vdi) {
    return Optional.ofNullable(objects.get(ObjectId.inode(new VdiId(vdi)))).orElseThrow();
  }

  private Answer delete(RequestHeader request, ByteBuffer payload) {
    Answer found = lookup(request, payload);
    if (found.header().success()) {
      VdiId vdi = new VdiId(((ResponseFields.Vdi) found.header().fields()).vdi());
      objects.put(ObjectId.inode(vdi), new byte[InodeHeader.SIZE]);
    }
    return new Answer(found.header(), new byte[0]);
  }

  private Answer readObject(RequestHeader request) {
    RequestFields.Obj f = (RequestFields.Obj) request.fields();
    if (!objects.containsKey(f.object())) {
      return result(request, ResultCode.NO_OBJ);
    }
    if (f.object().value() == badObject) {
      return result(request, ResultCode.EIO);
    }
    return data(request, read(f.object(), (int) f.offset(), request.dataLength()));
  }

  private Answer writeObject(Opcode opcode, RequestHeader request, ByteBuffer payload) {
    RequestFields.Obj f = (RequestFields.Obj) request.fields();
    if (f.object().value() == badObject) {
      return result(request, ResultCode.EIO);
    }
    if (opcode == Opcode.CREATE_AND_WRITE_OBJ) {
      byte[] base = new byte[0];
      if (request.has(RequestFlags.COW)) {
        base = Optional.ofNullable(objects.get(f.cow())).orElseThrow().clone();
      }
      objects.put(f.object(), base);
    } else if (!objects.containsKey(f.object())) {
      return result(request, ResultCode.NO_OBJ);
    }
    byte[] bytes = new byte[payload.remaining()];
    payload.get(bytes);
    write(f.object(), (int) f.offset(), bytes);
    return result(request, ResultCode.SUCCESS);
  }

  /// The bytes of an object; it is kept only up to the last byte that was written.
  byte[] read(ObjectId object, int offset, int length) {
    byte[] bytes = Optional.ofNullable(objects.get(object)).orElseThrow();
    byte[] part = new byte[length];
    if (offset < bytes.length) {
      System.arraycopy(bytes, offset, part, 0, Math.min(length, bytes.length - offset));
    }
    return part;
  }

  private void write(ObjectId object, int offset, byte[] bytes) {
    byte[] old = Optional.ofNullable(objects.get(object)).orElseThrow();
    byte[] all = Arrays.copyOf(old, Math.max(old.length, offset + bytes.length));
    System.arraycopy(bytes, 0, all, offset, bytes.length);
    objects.put(object, all);
  }

  private static ObjectId object(RequestHeader request) {
    return ((RequestFields.Obj) request.fields()).object();
  }

  private static NameAndTag names(ByteBuffer payload) {
    try {
      return NameAndTag.decode(payload);
    } catch (MalformedPayload e) {
      throw new AssertionError(e);
    }
  }

  Answer result(RequestHeader request, ResultCode result) {
    return new Answer(ResponseHeader.answering(request, epoch, result), new byte[0]);
  }

  Answer fields(RequestHeader request, ResponseFields fields) {
    return new Answer(
        ResponseHeader.answering(request, epoch, ResultCode.SUCCESS, 0, fields), new byte[0]);
  }

  private Answer data(RequestHeader request, byte[] data) {
    return answer(request, ResultCode.SUCCESS, data);
  }

  Answer answer(RequestHeader request, ResultCode result, byte[] data) {
    return new Answer(
        ResponseHeader.answering(request, epoch, result, data.length, ResponseFields.NONE), data);
  }

  /// The length of what is kept stands for the digest.
  private Answer hash(RequestHeader request) {
    ObjectId object = object(request);
    if (!objects.containsKey(object)) {
      return result(request, ResultCode.NO_OBJ);
    }
    if (object.value() == badObject) {
      return result(request, ResultCode.EIO);
    }
    byte[] kept = Optional.ofNullable(objects.get(object)).orElseThrow();
    byte[] digest =
        Arrays.copyOf(Integer.toString(kept.length).getBytes(StandardCharsets.US_ASCII), 20);
    return fields(request, new ResponseFields.Hash(digest));
  }

  boolean has(long oid) {
    return objects.containsKey(new ObjectId(oid));
  }

  /// Keeps the object of an attribute, or none.
  void attribute(int nameHash, int number, Optional<byte[]> bytes) {
    ObjectId object = ObjectId.attribute(new VdiId(nameHash), number);
    bytes.ifPresentOrElse(b -> objects.put(object, b), () -> objects.remove(object));
  }

  private static byte[] encoded(int size, java.util.function.Consumer<ByteBuffer> encode) {
    byte[] bytes = new byte[size];
    encode.accept(little(bytes));
    return bytes;
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
