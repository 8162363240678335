package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.wire.InodeHeader;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// `dog vdi list` (spec/cli.md §4.6). The header is out before the first request.
final class VdiList implements Command {
  private static final String HEADER =
      "  Name        Id    Size    Used  Shared    Creation time   VDI id  Copies  Tag\n";

  @Override
  public int run(Invocation in) throws Failure {
    Form form = form(in.options());
    Optional<String> name = in.nextArgument();
    OptionalLong object = name.isPresent() ? OptionalLong.empty() : in.options().object();
    if (form == Form.HUMAN) {
      in.console().print(HEADER);
      in.console().flush();
    }
    if (object.isPresent() && kind(object.getAsLong()) != ObjectId.Kind.DATA) {
      return ExitStatus.FAILURE;
    }
    VdiScan scan = new VdiScan(in);
    VdiListing listing = new VdiListing(in, form, object);
    List<InodeHeader> inodes = name.isPresent() ? scan.named(name.get()) : scan.all();
    in.console().print(form == Form.JSON ? "[" : "");
    listing.print(inodes);
    in.console().print(form == Form.JSON ? "]\n" : "");
    return ExitStatus.SUCCESS;
  }

  private static ObjectId.Kind kind(long oid) {
    return new ObjectId(oid).kind();
  }

  /// How a VDI is shown.
  enum Form {
    HUMAN,
    RAW,
    JSON
  }

  private static Form form(Options options) {
    if (options.json()) {
      return Form.JSON;
    }
    return options.raw() ? Form.RAW : Form.HUMAN;
  }

  /// What is shown of one VDI.
  ///
  /// @param own objects that it owns
  /// @param shared objects that another VDI owns
  static String render(InodeHeader inode, int own, int shared, Form form) {
    return form == Form.JSON
        ? json(inode, own, shared)
        : render(inode, own, shared, form == Form.RAW);
  }

  private static String json(InodeHeader inode, int own, int shared) {
    Json json = new Json().open('{').field("name", inode.name());
    json.field("vdi", Values.vdi(inode.vdi())).field("snapshot", inode.snapshot());
    json.field("snapshot_id", inode.snapshot() ? Integer.toUnsignedLong(inode.snapId()) : 0);
    json.field("tag", inode.tag()).field("clone", clone(inode)).field("size", inode.size());
    json.field("used", (long) own * ObjectId.DATA_SIZE);
    json.field("shared", (long) shared * ObjectId.DATA_SIZE);
    json.field("created", Times.seconds(inode.createTime()));
    json.field("redundancy", inode.redundancy().toString()).close('}');
    return json.toString();
  }

  private static boolean clone(InodeHeader inode) {
    return !inode.snapshot() && inode.snapId() == 1 && inode.parent() != 0;
  }

  /// The line of one VDI.
  private static String render(InodeHeader inode, int own, int shared, boolean raw) {
    boolean snapshot = inode.snapshot();
    boolean clone = clone(inode);
    String id = snapshot ? Integer.toUnsignedString(inode.snapId()) : "0";
    String size = Values.size(inode.size(), raw);
    String used = Values.size((long) own * ObjectId.DATA_SIZE, raw);
    String others = Values.size((long) shared * ObjectId.DATA_SIZE, raw);
    long created = Times.seconds(inode.createTime());
    String vdi = Values.vdi(inode.vdi());
    String copies = inode.redundancy().toString();
    StringBuilder text = new StringBuilder();
    if (raw) {
      text.append(snapshot ? 's' : clone ? 'c' : '=').append(' ');
      text.append(escaped(inode.name())).append(' ').append(id).append(' ').append(size);
      text.append(' ').append(used).append(' ').append(others).append(' ').append(created);
      text.append(' ').append(vdi).append(' ').append(copies).append(' ').append(inode.tag());
    } else {
      Times time = Times.at(created);
      text.append(snapshot ? 's' : clone ? 'c' : ' ').append(' ');
      text.append(Values.left(inode.name(), 8)).append(' ').append(Values.right(id, 5));
      text.append(' ').append(Values.right(size, 7)).append(' ').append(Values.right(used, 7));
      text.append(' ').append(Values.right(others, 7));
      text.append(' ').append(time.date()).append(' ').append(time.minutes());
      text.append("  ").append(Values.right(vdi, 7)).append(' ').append(Values.right(copies, 6));
      text.append(' ').append(Values.right(inode.tag(), 13));
    }
    return text.append('\n').toString();
  }

  /// A backslash goes before every white-space character and every backslash.
  static String escaped(String name) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '\\' || c == ' ' || (c >= '\t' && c <= '\r')) {
        text.append('\\');
      }
      text.append(c);
    }
    return text.toString();
  }
}
