package dev.kelpie.dog;

import dev.kelpie.wire.MalformedPayload;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.SheepStat;

/// `dog node stat` (spec/cli.md §5.5). Without `-w` the counts of reads stand under `Write` and
/// those of writes under `Read`, as in the original: scripts count the columns.
final class NodeStat implements Command {
  private static final String HEADER =
      "Request\tActive\tTotal\tWrite\tRead\tRemove\tFlush\tAll WR\tAll RD";
  private static final long WATCH_MILLIS = 1000;

  @Override
  public int run(Invocation in) throws Failure, MalformedPayload {
    boolean raw = in.options().raw();
    SheepStat last = ask(in);
    if (!in.options().has('w')) {
      in.console().print(render(last, raw));
      return ExitStatus.SUCCESS;
    }
    while (true) {
      Pause.millis(WATCH_MILLIS);
      SheepStat now = ask(in);
      in.console().print(renderWatch(now, last, raw));
      in.console().flush();
      last = now;
    }
  }

  private static SheepStat ask(Invocation in) throws Failure, MalformedPayload {
    Reply reply = in.sheep().call(Opcode.STAT, 0, SheepStat.SIZE, RequestFields.NONE);
    if (!reply.success()) {
      throw new Failure(ExitStatus.FAILURE, "failed to get stat information: " + reply.text());
    }
    return SheepStat.decode(reply.data());
  }

  static String render(SheepStat stat, boolean raw) {
    SheepStat.Gateway g = stat.gateway();
    SheepStat.Peer p = stat.peer();
    StringBuilder text = new StringBuilder(raw ? "" : HEADER + "\n");
    line(text, raw ? "" : "Client\t", g.active(), g.total(), g.read(), g.write(), g.remove());
    tail(text, g.flush(), g.rx(), g.tx(), raw).append('\n');
    line(text, raw ? "" : "Peer\t", p.active(), p.total(), p.read(), p.write(), p.remove());
    return tail(text, 0, p.rx(), p.tx(), raw).append('\n').toString();
  }

  /// With what was received, sent and asked for since the last time. Here writes come first.
  static String renderWatch(SheepStat now, SheepStat last, boolean raw) {
    SheepStat.Gateway g = now.gateway();
    SheepStat.Gateway g0 = last.gateway();
    SheepStat.Peer p = now.peer();
    SheepStat.Peer p0 = last.peer();
    StringBuilder text = new StringBuilder(raw ? "" : HEADER + "\tWRBW\tRDBW\tRPS\n");
    line(text, raw ? "" : "Client\t", g.active(), g.total(), g.write(), g.read(), g.remove());
    tail(text, g.flush(), g.rx(), g.tx(), raw);
    rates(text, g.rx() - g0.rx(), g.tx() - g0.tx(), g.total() - g0.total(), raw);
    line(text, raw ? "" : "Peer\t", p.active(), p.total(), p.write(), p.read(), p.remove());
    tail(text, 0, p.rx(), p.tx(), raw);
    rates(text, p.rx() - p0.rx(), p.tx() - p0.tx(), p.total() - p0.total(), raw);
    return text.toString();
  }

  private static void line(StringBuilder text, String name, long... counts) {
    text.append(name);
    for (long count : counts) {
      text.append(count).append('\t');
    }
  }

  private static StringBuilder tail(StringBuilder text, long flush, long rx, long tx, boolean raw) {
    return text.append(flush)
        .append('\t')
        .append(Values.size(rx, raw))
        .append('\t')
        .append(Values.size(tx, raw));
  }

  private static void rates(StringBuilder text, long rx, long tx, long requests, boolean raw) {
    text.append('\t')
        .append(Values.size(rx, raw))
        .append('\t')
        .append(Values.size(tx, raw))
        .append('\t')
        .append(requests)
        .append('\n');
  }
}
