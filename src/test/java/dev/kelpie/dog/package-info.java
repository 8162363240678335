/// Tests of the admin program against a sheep of their own, [FakeSheep], that speaks the protocol's
/// bytes: what the program prints and its exit status, to the byte.
@NullMarked
package dev.kelpie.dog;

import org.jspecify.annotations.NullMarked;
