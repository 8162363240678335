package dev.kelpie.frontend.sheepdog;

import dev.kelpie.model.VdiName;
import dev.kelpie.vdi.VdiAttribute;
import dev.kelpie.vdi.VdiAttributes;
import dev.kelpie.wire.Attribute;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.ResultCode;
import java.io.IOException;

/// Requests for attributes of VDIs. Their values are read as objects.
final class AttributeRequests {
  private final VdiAttributes attributes;

  AttributeRequests(VdiAttributes attributes) {
    this.attributes = attributes;
  }

  /// GET_VDI_ATTR: finds, stores or deletes, as the flags say.
  Reply attribute(Exchange exchange) throws IOException {
    Attribute sent = Attribute.decode(exchange.payload());
    if (sent.name().isEmpty()) {
      return Reply.of(ResultCode.INVALID_PARMS);
    }
    VdiAttribute wanted =
        new VdiAttribute(
            new VdiName(sent.name()), sent.tag(), sent.snapId(), sent.key(), sent.value());
    if (exchange.has(RequestFlags.ATTR_DELETE)) {
      return Answers.of(attributes.remove(wanted));
    } else if (exchange.has(RequestFlags.ATTR_CREATE)) {
      return Answers.of(attributes.put(wanted, exchange.has(RequestFlags.ATTR_EXCLUSIVE)));
    }
    return Answers.of(attributes.find(wanted));
  }
}
