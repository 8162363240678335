/// What the nodes agree on. [Coordination] keeps small records that change by compare-and-set;
/// everything that must be decided once, such as who owns a name, is a [Coordination#commit].
///
/// [Watchers] tell of changes. [ClusterBook] says whether and how the cluster is formatted, and who
/// its members are and were.
///
/// `cluster.embedded` is the one-node default: the records lie in the node's own directory. May use
/// `model`, `log` and `platform`. Must never move data.
@NullMarked
package dev.kelpie.cluster;

import org.jspecify.annotations.NullMarked;
