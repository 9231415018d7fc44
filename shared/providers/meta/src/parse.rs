//! Parses Meta's webhook JSON into updates. A malformed message never affects its siblings.

mod wire;

use confab_core::{Error, Phone, Result, Timestamp};
use confab_messaging::{
    Address, Channel, Content, DeliveryFailure, DeliveryStatus, Identity, Inbound, Media,
    MessagePrice, StatusUpdate, Update,
};
use confab_provider_base::{
    lenient::{Lenient, LenientString},
    parsed::{Parsed, id, label, line, text},
};

use self::wire::{
    ApiError, Change, ChangeValue, Contact, Envelope, FileBody, Interactive, Message,
    MessageStatus, Pricing, Reaction, System, TemplateButton, TextBody,
};

/// Parses one webhook; `now` replaces a timestamp that is missing or malformed.
pub fn parse(raw_body: &[u8], now: Timestamp) -> Result<Parsed> {
    let not_json = || Error::invalid("bad_json", "The body is not a JSON object.");
    let body = std::str::from_utf8(raw_body).map_err(|error| not_json().with_source(error))?;
    if !body.trim_ascii_start().starts_with('{') {
        return Err(not_json());
    }
    let envelope: Envelope =
        serde_json::from_str(body).map_err(|error| not_json().with_source(error))?;
    let mut parsed = Parsed::default();
    match envelope.object.get() {
        Some("whatsapp_business_account") => {}
        other => {
            parsed.ignore(format!("object:{}", label(other.unwrap_or("none"))));
            return Ok(parsed);
        }
    }
    parsed.ignore_broken("entry", envelope.entry.broken);
    for entry in &envelope.entry.items {
        parsed.ignore_broken("change", entry.changes.broken);
        for change in &entry.changes.items {
            read_change(change, now, &mut parsed)?;
        }
    }
    Ok(parsed)
}

fn read_change(change: &Change, now: Timestamp, parsed: &mut Parsed) -> Result<()> {
    let field = change.field.get().unwrap_or("none");
    if field != "messages" {
        parsed.ignore(format!("field:{}", label(field)));
        return Ok(());
    }
    let Some(value) = &change.value.0 else {
        parsed.ignore("broken:value");
        return Ok(());
    };
    parsed.ignore_broken("message", value.messages.broken);
    parsed.ignore_broken("status", value.statuses.broken);
    for api_error in &value.errors.items {
        parsed.ignore(format!(
            "error:{}",
            label(api_error.code.get().unwrap_or("none"))
        ));
    }
    for message in &value.messages.items {
        match read_message(message, value, now) {
            Ok(message) => parsed.push(Update::Message(message))?,
            Err(reason) => parsed.ignore(reason),
        }
    }
    for report in &value.statuses.items {
        match read_status(report, value, now) {
            Ok(status) => parsed.push(Update::Status(status))?,
            Err(reason) => parsed.ignore(reason),
        }
    }
    Ok(())
}

fn read_message(
    message: &Message,
    value: &ChangeValue,
    now: Timestamp,
) -> Result<Inbound, &'static str> {
    let contact = sender_contact(message, value);
    let number = message
        .from
        .get()
        .or(contact.and_then(|contact| contact.wa_id.get()));
    let scoped = message
        .from_user_id
        .get()
        .or(contact.and_then(|contact| contact.user_id.get()));
    let name = contact.and_then(|contact| contact.profile.0.as_ref()?.name.get());
    Ok(Inbound {
        id: message.id.get().and_then(id).ok_or("message_without_id")?,
        from: address(value, number, scoped).ok_or("message_without_sender")?,
        name: name.map(text).filter(|name| !name.0.is_empty()),
        sent_at: parse_timestamp(&message.timestamp).unwrap_or(now),
        reply_to: message
            .context
            .0
            .as_ref()
            .and_then(|context| id(context.id.get()?)),
        content: content(message),
    })
}

fn sender_contact<'a>(message: &Message, value: &'a ChangeValue) -> Option<&'a Contact> {
    let contacts = &value.contacts.items;
    let is_same = |a: &LenientString, b: &LenientString| a.get().is_some() && a.get() == b.get();
    let matching = contacts.iter().find(|contact| {
        is_same(&contact.wa_id, &message.from) || is_same(&contact.user_id, &message.from_user_id)
    });
    // A lone contact can only be the sender when the message itself names none.
    let is_anonymous = message.from.get().is_none() && message.from_user_id.get().is_none();
    matching.or_else(|| {
        contacts
            .first()
            .filter(|_| is_anonymous && contacts.len() == 1)
    })
}

fn address(value: &ChangeValue, number: Option<&str>, scoped: Option<&str>) -> Option<Address> {
    let metadata = value.metadata.0.as_ref();
    let business = metadata.and_then(|metadata| id(metadata.phone_number_id.get()?));
    let person = identity(number, scoped)?;
    Some(Address {
        channel: Channel::Meta,
        business: business.unwrap_or_default(),
        person,
    })
}

fn identity(number: Option<&str>, scoped: Option<&str>) -> Option<Identity> {
    let identity = Identity {
        phone: number.and_then(|number| Phone::parse(number).ok()),
        scoped_id: scoped.and_then(id).map(Into::into),
    };
    (!identity.is_empty()).then_some(identity)
}

fn content(message: &Message) -> Content {
    let kind = message.kind.get().unwrap_or("none");
    let known = match kind {
        "text" => read_text(&message.text),
        "image" => read_file(&message.image),
        "video" => read_file(&message.video),
        "audio" => read_file(&message.audio),
        "document" => read_file(&message.document),
        "sticker" => read_file(&message.sticker),
        "button" => read_template_button(&message.button),
        "interactive" => return read_interactive(&message.interactive),
        "reaction" => read_reaction(&message.reaction),
        "system" => return read_system(&message.system),
        _ => None,
    };
    known.unwrap_or_else(|| unsupported(kind))
}

fn unsupported(what: &str) -> Content {
    Content::Unsupported { what: label(what) }
}

fn read_text(body: &Lenient<TextBody>) -> Option<Content> {
    let body = body.0.as_ref()?.body.get()?;
    Some(Content::Text { text: text(body) })
}

fn read_file(file: &Lenient<FileBody>) -> Option<Content> {
    let file = file.0.as_ref()?;
    let media = Media {
        source: id(file.id.get()?)?,
        mime_type: file.mime_type.get().and_then(id).unwrap_or_default(),
        sha256: file.sha256.get().and_then(id),
    };
    let caption = file
        .caption
        .get()
        .map(text)
        .filter(|caption| !caption.0.is_empty());
    Some(Content::Media {
        items: vec![media],
        caption,
    })
}

fn read_template_button(button: &Lenient<TemplateButton>) -> Option<Content> {
    let button = button.0.as_ref()?;
    choice(
        button.payload.get().or(button.text.get()),
        button.text.get(),
    )
}

fn read_interactive(interactive: &Lenient<Interactive>) -> Content {
    let Some(interactive) = &interactive.0 else {
        return unsupported("interactive");
    };
    let kind = interactive.kind.get().unwrap_or("interactive");
    let reply = match kind {
        "button_reply" => interactive.button_reply.0.as_ref(),
        "list_reply" => interactive.list_reply.0.as_ref(),
        _ => None,
    };
    reply
        .and_then(|reply| choice(reply.id.get(), reply.title.get()))
        .unwrap_or_else(|| unsupported(kind))
}

fn choice(chosen: Option<&str>, title: Option<&str>) -> Option<Content> {
    let title = title.unwrap_or_default();
    Some(Content::Choice {
        id: id(chosen?)?,
        title: line(title),
    })
}

fn read_reaction(reaction: &Lenient<Reaction>) -> Option<Content> {
    let reaction = reaction.0.as_ref()?;
    Some(Content::Reaction {
        message_id: id(reaction.message_id.get()?)?,
        emoji: reaction.emoji.get().and_then(id),
    })
}

fn read_system(system: &Lenient<System>) -> Content {
    let Some(system) = &system.0 else {
        return unsupported("system");
    };
    let kind = system.kind.get().unwrap_or("system");
    let number = system.wa_id.get().or(system.new_wa_id.get());
    match identity(number, system.user_id.get()) {
        Some(new) if kind == "user_changed_number" => Content::NumberChanged { new },
        _ => unsupported(kind),
    }
}

fn read_status(
    report: &MessageStatus,
    value: &ChangeValue,
    now: Timestamp,
) -> Result<StatusUpdate, String> {
    let status = report.status.get().unwrap_or("none");
    let stage = match status {
        "sent" => DeliveryStatus::Sent,
        "delivered" => DeliveryStatus::Delivered,
        "read" | "played" => DeliveryStatus::Read,
        "failed" => DeliveryStatus::Failed,
        other => return Err(format!("status:{}", label(other))),
    };
    let to = address(
        value,
        report.recipient_id.get(),
        report.recipient_user_id.get(),
    );
    let reference = report.biz_opaque_callback_data.get();
    Ok(StatusUpdate {
        message_id: report.id.get().and_then(id).ok_or("status_without_id")?,
        reference: reference.and_then(|reference| reference.parse().ok()),
        to: to.ok_or("status_without_recipient")?,
        stage,
        at: parse_timestamp(&report.timestamp).unwrap_or(now),
        price: report.pricing.0.as_ref().and_then(price),
        error: report.errors.items.first().map(failure),
    })
}

fn price(pricing: &Pricing) -> Option<MessagePrice> {
    Some(MessagePrice {
        billable: pricing.billable.0?,
        category: pricing.category.get().map(label)?,
    })
}

fn failure(api_error: &ApiError) -> DeliveryFailure {
    let title = api_error
        .title
        .get()
        .or(api_error.message.get())
        .unwrap_or_default();
    DeliveryFailure {
        code: api_error
            .code
            .get()
            .and_then(|code| code.parse().ok())
            .unwrap_or(0),
        title: line(title),
    }
}

fn parse_timestamp(seconds: &LenientString) -> Option<Timestamp> {
    Timestamp::from_second(seconds.get()?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests;
