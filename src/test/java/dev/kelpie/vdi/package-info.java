/// Tests of names, inodes, snapshots, deletion and leases. [TestNode] is a node of all rooms from
/// the records to the disks' bytes, on fakes that can crash.
@NullMarked
package dev.kelpie.vdi;

import org.jspecify.annotations.NullMarked;
