/// A VDI as a disk of bytes: which object a byte lies in, allocation, copy on write, trim. Plays
/// the part that QEMU's own driver plays for clients of the Sheepdog protocol; the front ends that
/// offer bytes share it through [BlockDevice].
///
/// [VolumeExports] opens disks of a `vdi.VdiCatalog`. Each client has a [Volume], which is only a
/// handle: what there is to share, the map above all, is the VDI's inode, which clients by object
/// id use too. A request goes from the volume into the gate of the inode, is cut into pieces of one
/// object ([Pieces]), and goes on in [DataObjects] (read, overwrite, allocate, copy on write) or
/// [Clearing] (trim).
///
/// **Order.** A new object is answered by the store before its entry is written, and the client is
/// answered after both; an object is removed after its cleared entry is durable (I5). A write that
/// must be durable makes its entry durable too (I24). What is deferred becomes durable by
/// [BlockDevice#flush], which orders data before entries.
///
/// **Snapshots.** The VDI under a disk is frozen with its gate held alone; waiting writers go on
/// with the VDI that the attachment has moved to (I10).
///
/// **Relatives.** A disk knows the snapshots of its name and the VDIs that it comes from
/// ([Family]): that says how deep an object lies, and two maps say what has changed since a
/// snapshot ([Comparison]).
///
/// May use `object`, `vdi`, `platform` and `log`. Must not speak a protocol.
@NullMarked
package dev.kelpie.volume;

import org.jspecify.annotations.NullMarked;
