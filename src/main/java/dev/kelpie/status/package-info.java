/// Shows what a node does: pages over HTTP for people, Prometheus and whoever watches over nodes.
/// Read-only: nothing can be changed through it.
///
/// [StatusServer] lets clients in, [HttpSession] reads one request and answers it, [Pages] knows
/// the pages, [Metrics] writes the metrics (docs/metrics.md), from what [NodeStatus] tells. A
/// connection serves one request and ends: who watches comes a few times in a minute, and nobody
/// can hold a place for longer than a moment.
///
/// May use `stream`, `tls`, `metrics`, `cache`, `object`, `model`, `platform` and `log`.
@NullMarked
package dev.kelpie.status;

import org.jspecify.annotations.NullMarked;
