/// Names, inodes, snapshots, clones and leases. [VdiDirectory] decides with compare-and-set records
/// what exists and who may write; the inode objects that clients read lie in the object store and
/// are brought in line with the records after a crash. [ClientObjects] is the one way by which
/// clients reach objects by id, so that everybody on this node sees the same inode.
///
/// **How the parts are put together.** A node makes, in this order: the coordination records; a
/// [LeaseBook] over them; the store, and the object cache in front of it, which is given the lease
/// book and begins it (without a cache, whoever wires the node calls
/// `leases.begin(LeaseBook.NO_CACHE, Set.of())`); a [VdiCatalog] over records, store and lease
/// book. The catalog is the directory, hands out the client objects, and lets block devices attach.
/// It is closed before the store.
///
/// **What is where.** Coordination has the truth about existence and standing ([VdiRecord]), leases
/// ([LeaseRecord]), ids that were used, and VDIs whose inode is behind its record. The object store
/// has the inodes. Memory has a mirror of the records ([VdiMirror]) and the inodes in use ([Inode],
/// one for each VDI, map pages loaded as needed).
///
/// **Several nodes.** Every commit of the directory also changes one record that says what the last
/// commits have changed ([ChangeLog]), so that all commits have one order. A decision begins with a
/// look at that record ([VdiTable#look]): what it sees is no older than its beginning, and where
/// nothing has changed the look is one read. Its commit ([Draft]) is made only where what it relied
/// on is still so, otherwise it is decided again. A commit in doubt is found out from the log.
///
/// **Ownership.** The lease of a VDI is its owner's while that node may live ([Owners]), or until
/// it gives it up. Only the owner changes a VDI's record, caches anything of it, or has its inode
/// in memory: who works with a VDI pins its lease, each commit that changes a record checks the
/// leases with it, and a new generation shuts the last owner out. A lease moves only where somebody
/// wants it ([LeaseWish]); then the owner flushes, drops everything and gives it up as soon as
/// nobody uses the VDI there ([HandOver]). So attaching and detaching costs no commit, also on a
/// node that is alone. Of a dead owner a lease is taken as it is, and what it had not pushed is
/// recorded as lost ([LeaseTaker]). Who only looks takes no lease: headers come from the store and
/// the record, and what snapshots hold never changes.
///
/// **Crash argument.** A change of the directory is one commit. Before it, the inode of a new VDI
/// is written durably under an id that no record names; a crash leaves a lease without a VDI, whose
/// remains are removed at the next start. After it, only what can be done again from the records is
/// left: the fields of a frozen inode follow its record, at once or at the next start; the objects
/// of a deleted VDI are freed by the sweeper, however often it is interrupted. Where a commit is in
/// doubt, writers are stopped until the records have been read again, for a write to a VDI that was
/// perhaps frozen would be in no disk.
///
/// **Deletion.** Nothing counts references. An object of a deleted VDI is freed when no map of a
/// living VDI of the same family (tree of snapshots and clones) names it; an id is never used
/// again. Who has the lease of the deleted VDI frees its objects, so that it is one node at a time,
/// and any node after it. Of maps whose leases are elsewhere the stored ones are looked at: an
/// entry that names another VDI is durable there before it is seen, and made only under that VDI's
/// lease.
///
/// **The cache.** How a disk uses it stands in the record of its working VDI, and so goes along
/// with snapshots and rollbacks in their commits ([VdiCacheSettings]).
///
/// **Beside the disks.** Attributes are notes on a name ([VdiAttributes]): objects outside of every
/// map and lease, changed under the lock of the name. Locks of clients ([ClientLocks]) are records
/// with the node that was asked, and go along with the name in its commits.
///
/// May use `object`, `cluster`, `platform` and `log`. Must not serve user data by itself.
@NullMarked
package dev.kelpie.vdi;

import org.jspecify.annotations.NullMarked;
