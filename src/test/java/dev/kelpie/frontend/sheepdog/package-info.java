/// Tests of the Sheepdog protocol as a service, most of them with a strict client over real sockets
/// and fakes below.
@NullMarked
package dev.kelpie.frontend.sheepdog;

import org.jspecify.annotations.NullMarked;
