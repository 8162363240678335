package dev.kelpie.peer;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.object.Durability;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Step;
import dev.kelpie.replica.Version;
import dev.kelpie.replica.Whole;
import dev.kelpie.wire.MalformedPayload;
import java.util.Optional;

/// What a primary asks of a holder: the methods of [Copies].
sealed interface CopiesRequest extends PeerRequest {
  int PREPARE = 1;
  int LOOK = 2;
  int CHANGE = 3;
  int FETCH = 4;
  int REPLACE = 5;
  int FLUSH = 6;
  int FLUSH_ALL = 7;

  /// Reads a request.
  ///
  /// @return empty for a code that is none of these
  static Optional<CopiesRequest> decode(int code, BodyReader from) throws MalformedPayload {
    return switch (code) {
      case PREPARE -> Optional.of(new Prepare(from.claim()));
      case LOOK -> Optional.of(Look.decode(from));
      case CHANGE -> Optional.of(Change.decode(from));
      case FETCH -> Optional.of(Fetch.decode(from));
      case REPLACE -> Optional.of(Replace.decode(from));
      case FLUSH -> Optional.of(new Flush(from.claim(), from.vdi()));
      case FLUSH_ALL -> Optional.of(new FlushAll(from.claim()));
      default -> Optional.empty();
    };
  }

  /// [Copies#prepare].
  record Prepare(Claim claim) implements CopiesRequest {
    @Override
    public int code() {
      return PREPARE;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim);
    }
  }

  /// [Copies#version].
  record Look(Claim claim, ObjectId object) implements CopiesRequest {
    static Look decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      return new Look(claim, from.objectOf(claim));
    }

    @Override
    public int code() {
      return LOOK;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object);
    }
  }

  /// [Copies#change].
  record Change(Claim claim, ObjectId object, Version before, Version after, Step step)
      implements CopiesRequest {
    static Change decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      ObjectId object = from.objectOf(claim);
      return new Change(claim, object, from.version(), from.version(), decodeStep(from, object));
    }

    @Override
    public int code() {
      return CHANGE;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object).version(before).version(after);
      encodeStep(step, to);
    }
  }

  /// [Copies#fetch].
  record Fetch(Claim claim, ObjectId object) implements CopiesRequest {
    static Fetch decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      return new Fetch(claim, from.objectOf(claim));
    }

    @Override
    public int code() {
      return FETCH;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object);
    }

    @Override
    public int answerBytes() {
      return object.size();
    }
  }

  /// [Copies#replace].
  record Replace(Claim claim, ObjectId object, Whole whole) implements CopiesRequest {
    static Replace decode(BodyReader from) throws MalformedPayload {
      Claim claim = from.claim();
      ObjectId object = from.objectOf(claim);
      Version version = from.version();
      return new Replace(claim, object, new Whole(version, from.extents(object.size())));
    }

    @Override
    public int code() {
      return REPLACE;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).object(object).version(whole.version()).extents(whole.extents());
    }
  }

  /// [Copies#flush].
  record Flush(Claim claim, VdiId vdi) implements CopiesRequest {
    @Override
    public int code() {
      return FLUSH;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim).vdi(vdi);
    }
  }

  /// [Copies#flushAll].
  record FlushAll(Claim claim) implements CopiesRequest {
    @Override
    public int code() {
      return FLUSH_ALL;
    }

    @Override
    public void encode(BodyWriter to) {
      to.claim(claim);
    }
  }

  /// Writes what is to be done to an object: the last fields.
  static void encodeStep(Step step, BodyWriter to) {
    to.choice(Choices.KINDS, step.kind()).choice(Choices.DURABILITIES, step.durability());
    to.vdi(step.vdi()).extents(step.extents());
  }

  /// Reads what is to be done to an object: the last fields.
  static Step decodeStep(BodyReader from, ObjectId object) throws MalformedPayload {
    Step.Kind kind = from.choice(Choices.KINDS);
    Durability durability = from.choice(Choices.DURABILITIES);
    VdiId vdi = from.vdi();
    return new Step(kind, from.extents(object.size()), vdi, durability);
  }
}
