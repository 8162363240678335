/// Names, inodes, snapshots, clones and leases. [VdiDirectory] decides with compare-and-set records
/// what exists and who may write; the inode objects that clients read lie in the object store and
/// are brought in line with the records after a crash. [ClientObjects] is the one way by which
/// clients reach objects by id, so that everybody on this node sees the same inode.
///
/// May use `object`, `cluster`, `platform` and `log`. Must not serve user data by itself.
@NullMarked
package dev.kelpie.vdi;

import org.jspecify.annotations.NullMarked;
