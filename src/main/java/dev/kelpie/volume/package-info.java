/// A VDI as a disk of bytes: which object a byte lies in, allocation, copy on write, trim. Plays
/// the part that QEMU's own driver plays for clients of the Sheepdog protocol; the front ends that
/// offer bytes share it through [BlockDevice].
///
/// May use `object`, `vdi`, `platform` and `log`. Must not speak a protocol.
@NullMarked
package dev.kelpie.volume;

import org.jspecify.annotations.NullMarked;
