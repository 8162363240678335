package dev.kelpie.micro;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import dev.kelpie.wire.ResponseHeader;
import dev.kelpie.wire.ResultCode;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The header of the Sheepdog protocol: what the server does of it for each read.
@State(Scope.Thread)
public class WireHeaders {
  private static final int BLOCK = 4096;
  private static final ObjectId OBJECT = ObjectId.data(new VdiId(0x7c2b25), 3);

  private final ByteBuffer bytes =
      ByteBuffer.allocateDirect(RequestHeader.SIZE).order(ByteOrder.LITTLE_ENDIAN);
  private final ByteBuffer reply =
      ByteBuffer.allocate(ResponseHeader.SIZE).order(ByteOrder.LITTLE_ENDIAN);
  private final RequestHeader request =
      RequestHeader.of(Opcode.READ_OBJ, 0, BLOCK, RequestFields.Obj.at(OBJECT, 8 * BLOCK));

  /// A request to read is at hand.
  public WireHeaders() {
    request.encode(bytes);
  }

  @Benchmark
  public RequestHeader decodeRequest() {
    return RequestHeader.decode(bytes.rewind());
  }

  /// With a look at its lengths, as they decide where the next request begins.
  @Benchmark
  public RequestHeader.Framing decodeAndFrameRequest() {
    return RequestHeader.decode(bytes.rewind()).framing();
  }

  @Benchmark
  public ByteBuffer encodeRequest() {
    request.encode(bytes.clear());
    return bytes;
  }

  @Benchmark
  public ByteBuffer encodeReply() {
    ResponseHeader.answering(request, 1, ResultCode.SUCCESS, BLOCK, ResponseFields.NONE)
        .encode(reply.clear());
    return reply;
  }
}
