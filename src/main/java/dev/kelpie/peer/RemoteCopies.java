package dev.kelpie.peer;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.replica.Claim;
import dev.kelpie.replica.Copies;
import dev.kelpie.replica.Step;
import dev.kelpie.replica.Version;
import dev.kelpie.replica.Versioned;
import dev.kelpie.replica.Whole;
import dev.kelpie.wire.MalformedPayload;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Another node's copies.
final class RemoteCopies implements Copies {
  /// Bytes of an object's id and version.
  static final int VERSIONED_SIZE = 24;

  private final PeerLink link;
  private final PeerConfig config;

  RemoteCopies(PeerLink link, PeerConfig config) {
    this.link = link;
    this.config = config;
  }

  @Override
  public List<Versioned> prepare(Claim claim) throws IOException {
    return link.call(
        new CopiesRequest.Prepare(claim), config.survey(), Answer.of(RemoteCopies::versions));
  }

  private static List<Versioned> versions(BodyReader from) throws MalformedPayload {
    int count = from.count(VERSIONED_SIZE);
    List<Versioned> versions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      versions.add(new Versioned(from.object(), from.version()));
    }
    return versions;
  }

  @Override
  public Version version(Claim claim, ObjectId object) throws IOException {
    return link.call(
        new CopiesRequest.Look(claim, object), config.copies(), Answer.of(BodyReader::version));
  }

  @Override
  public Result change(Claim claim, ObjectId object, Version before, Version after, Step step)
      throws IOException {
    return link.call(
        new CopiesRequest.Change(claim, object, before, after, step),
        config.copies(),
        Answer.of(RemoteCopies::result));
  }

  private static Result result(BodyReader from) throws MalformedPayload {
    return from.choice(Choices.RESULTS);
  }

  @Override
  public Whole fetch(Claim claim, ObjectId object) throws IOException {
    return link.call(
        new CopiesRequest.Fetch(claim, object),
        config.copies(),
        Answer.of(from -> new Whole(from.version(), from.extents(object.size()))));
  }

  @Override
  public Result replace(Claim claim, ObjectId object, Whole whole) throws IOException {
    return link.call(
        new CopiesRequest.Replace(claim, object, whole),
        config.copies(),
        Answer.of(RemoteCopies::result));
  }

  @Override
  public void flush(Claim claim, VdiId vdi) throws IOException {
    boolean _ =
        link.call(new CopiesRequest.Flush(claim, vdi), config.copies(), Answer.of(_ -> true));
  }

  @Override
  public void flushAll(Claim claim) throws IOException {
    boolean _ = link.call(new CopiesRequest.FlushAll(claim), config.survey(), Answer.of(_ -> true));
  }
}
