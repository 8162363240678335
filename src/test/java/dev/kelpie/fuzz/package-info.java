/// Clients that send anything: sessions made after the rules of both protocols and then broken, and
/// what the daemon may not do in answer. A [Fuzz] runs rounds of them for a while; a round is made
/// of nothing but its seed, and a seed that failed is printed and replays the round.
///
/// Made by structure and chance, not guided by coverage: nothing here instruments the code.
@NullMarked
package dev.kelpie.fuzz;

import org.jspecify.annotations.NullMarked;
