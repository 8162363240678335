/// What the nodes agree on. [Coordination] keeps small records that change by compare-and-set;
/// everything that must be decided once, such as who owns a name, is a [Coordination#commit].
///
/// [Watchers] tell of changes. [ClusterBook] says whether and how the cluster is formatted, who its
/// members are and were, and which nodes are up, down or out ([Seat]). A node announces itself,
/// follows that map and makes the next one while it leads through [Membership], which
/// [MembershipTask] drives; [MapRules] say what the next one is. [EpochMemory] refuses a map that
/// comes from a backup, [HomeCluster] that of a cluster which the node's objects do not belong to.
/// Where an operator formats the cluster anew, every node clears its [Holdings] and says so in its
/// [Announcement]; the [Roll] has those of all. All nodes stop together by a [StopOrder]. A room
/// whose records go by the map has them changed in the same commit ([MapFollower]).
///
/// `cluster.embedded` is the one-node default: the records lie in the node's own directory. May use
/// `model`, `log` and `platform`. Must never move data.
@NullMarked
package dev.kelpie.cluster;

import org.jspecify.annotations.NullMarked;
