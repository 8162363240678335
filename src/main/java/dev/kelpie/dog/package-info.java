/// The admin program, byte for byte in its output and exit codes what release 0.9.5 was
/// (spec/cli.md §3-§6), so that scripts, libvirt, Cinder, Glance and Proxmox go on working.
///
/// [Dog] is the program: it finds the subcommand in the [CommandTable], reads its [Options],
/// fetches the member list where the table says so, and runs the one class that carries the command
/// out. Each command makes one or a few calls through a [SheepClient] and prints a pure rendering
/// of the answers on a [Console]. Several requests in flight over one connection go through a
/// [Pipeline].
///
/// Texts are bytes: each `char` of a name, a tag or an argument stands for one byte (ISO-8859-1),
/// so that nothing is re-encoded between command line, wire and terminal.
///
/// A command ends by returning its exit status, or by a [Failure] (messages and a status), by
/// [WrongUsage] (messages and the usage text) or by [NotConfirmed]. Start-up time counts: no
/// reflection, no regular expressions, few lambdas and no pattern switches on the way of a short
/// command.
///
/// May use `wire`, `config`, `model`, `platform` and `platform.jvm`. Must not touch the directory
/// of a sheep (but for [NodeFormat], whose file no sheep reads), nor hold logic that the daemon
/// should have.
@NullMarked
package dev.kelpie.dog;

import org.jspecify.annotations.NullMarked;
