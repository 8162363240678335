/// Tests of the records in ZooKeeper, against real servers in this process.
@NullMarked
package dev.kelpie.cluster.zookeeper;

import org.jspecify.annotations.NullMarked;
