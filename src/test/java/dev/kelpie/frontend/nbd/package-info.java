/// Tests of the NBD front end over real sockets, with a disk in memory behind it.
@NullMarked
package dev.kelpie.frontend.nbd;

import org.jspecify.annotations.NullMarked;
