package dev.kelpie.dog;

import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;

/// `dog vdi read` (spec/cli.md §4.13).
final class VdiRead implements Command {
  @Override
  public int run(Invocation in) throws Failure, WrongUsage, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    Span asked = Span.parse(in);
    InodeHeader inode = in.vdis().open(name, in.options().snapshot());
    Span span = asked.within(inode.size(), "Read");
    new ObjectReader(in.sheep(), in.console(), in.vdis().map(inode)).read(span);
    return ExitStatus.SUCCESS;
  }
}
