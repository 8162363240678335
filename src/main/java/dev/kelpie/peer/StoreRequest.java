package dev.kelpie.peer;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Primary;
import dev.kelpie.replica.Step;
import dev.kelpie.wire.MalformedPayload;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What a gateway asks of a node: the methods of [StoreNode].
sealed interface StoreRequest extends PeerRequest {
  int READ = 16;
  int CHANGE = 17;
  int STAT = 18;
  int FLUSH = 19;
  int SETTLE = 20;
  int LIST = 21;

  /// Bytes of a slot and a ballot.
  int CLAIM_SIZE = 12;

  /// Reads a request.
  ///
  /// @return empty for a code that is none of these
  static Optional<StoreRequest> decode(int code, BodyReader from) throws MalformedPayload {
    return switch (code) {
      case READ -> Optional.of(Read.decode(from));
      case CHANGE -> Optional.of(Change.decode(from));
      case STAT -> Optional.of(Stat.decode(from));
      case FLUSH -> Optional.of(Flush.decode(from));
      case SETTLE -> Optional.of(new Settle(from.vdi()));
      case LIST -> Optional.of(new ListAll(from.vdi(), claims(from)));
      default -> Optional.empty();
    };
  }

  /// [StoreNode#read].
  record Read(Claim claim, ObjectId object, int offset, int length) implements StoreRequest {
    static Read decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      ObjectId object = from.objectOf(claim);
      int[] range = from.range(object.size());
      return new Read(claim, object, range[0], range[1]);
    }

    @Override
    public int code() {
      return READ;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object).i32(offset).i32(length);
    }

    @Override
    public int answerBytes() {
      return length;
    }
  }

  /// [StoreNode#change].
  record Change(Claim claim, ObjectId object, Step step) implements StoreRequest {
    static Change decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      ObjectId object = from.objectOf(claim);
      return new Change(claim, object, CopiesRequest.decodeStep(from, object));
    }

    @Override
    public int code() {
      return CHANGE;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object);
      CopiesRequest.encodeStep(step, to);
    }
  }

  /// [StoreNode#stat].
  record Stat(Claim claim, ObjectId object) implements StoreRequest {
    static Stat decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      return new Stat(claim, from.objectOf(claim));
    }

    @Override
    public int code() {
      return STAT;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object);
    }
  }

  /// [StoreNode#flush].
  record Flush(VdiId vdi, List<Primary.Deferred> deferred) implements StoreRequest {
    static Flush decode(BodyReader from) throws MalformedPayload {
      VdiId vdi = from.vdi();
      List<Primary.Deferred> deferred = new ArrayList<>();
      for (Claim claim : claims(from)) {
        deferred.add(new Primary.Deferred(claim.slot(), claim.ballot()));
      }
      return new Flush(vdi, deferred);
    }

    @Override
    public int code() {
      return FLUSH;
    }

    @Override
    public void encode(BodyWriter to) {
      to.vdi(vdi);
      encodeClaims(deferred.stream().map(d -> new Claim(d.slot(), d.since())).toList(), to);
    }
  }

  /// [StoreNode#settle].
  record Settle(VdiId vdi) implements StoreRequest {
    @Override
    public int code() {
      return SETTLE;
    }

    @Override
    public void encode(BodyWriter to) {
      to.vdi(vdi);
    }
  }

  /// [StoreNode#list].
  record ListAll(VdiId vdi, List<Claim> claims) implements StoreRequest {
    @Override
    public int code() {
      return LIST;
    }

    @Override
    public void encode(BodyWriter to) {
      to.vdi(vdi);
      encodeClaims(claims, to);
    }
  }

  private static void encodeClaims(List<Claim> claims, BodyWriter to) {
    to.room(Integer.BYTES + (long) claims.size() * CLAIM_SIZE).i32(claims.size());
    claims.forEach(to::claim);
  }

  private static List<Claim> claims(BodyReader from) throws MalformedPayload {
    int count = from.count(CLAIM_SIZE);
    List<Claim> claims = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      claims.add(from.claim());
    }
    return claims;
  }
}
