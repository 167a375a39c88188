//! Messages of protobuf: enough of its wire format to write a model.
//!
//! A model needs a dozen fields of nine messages. A generated crate for them would need a compiler of protobuf and its
//! runtime at every build, for a few hundred bytes beside the weights.

/// A message as its bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

/// Wire types: a number of variable length, bytes with their length before them, four bytes.
const VARINT: u64 = 0;
const LENGTH: u64 = 2;
const FIXED: u64 = 5;

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn key(&mut self, field: u64, wire: u64) {
        self.varint(field << 3 | wire);
    }

    /// An integer or the value of an enum; negative ones take ten bytes.
    pub(super) fn integer(mut self, field: u64, value: i64) -> Self {
        self.key(field, VARINT);
        self.varint(value.cast_unsigned());
        self
    }

    /// A number in single precision.
    pub(super) fn float(mut self, field: u64, value: f32) -> Self {
        self.key(field, FIXED);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Bytes.
    pub(super) fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        self.key(field, LENGTH);
        self.varint(value.len() as u64);
        self.0.extend(value);
        self
    }

    /// A text.
    pub(super) fn text(self, field: u64, value: &str) -> Self {
        self.bytes(field, value.as_bytes())
    }

    /// A message in this one.
    pub(super) fn message(self, field: u64, value: &Self) -> Self {
        self.bytes(field, &value.0)
    }

    /// One more value of a field for each of these.
    pub(super) fn each<T>(self, values: impl IntoIterator<Item = T>, add: impl Fn(Self, T) -> Self) -> Self {
        values.into_iter().fold(self, add)
    }

    /// The fields of another message after those of this one.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The bytes.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_the_bytes_of_the_wire_format() {
        // The examples of protobuf's description of its encoding.
        assert_eq!(Message::default().integer(1, 150).into_bytes(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "testing").into_bytes(), b"\x12\x07testing");
        let inner = Message::default().integer(1, 150);
        assert_eq!(Message::default().message(3, &inner).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let minus_one = [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
        assert_eq!(Message::default().integer(1, -1).into_bytes(), minus_one);
        assert_eq!(Message::default().float(2, 1.0).into_bytes(), [0x15, 0, 0, 0x80, 0x3f]);
        // A field above 15 has a key of two bytes, and a length above 127, too.
        let long = Message::default().bytes(20, &[7; 200]).into_bytes();
        assert_eq!((&long[..4], long.len()), (&[0xa2, 0x01, 0xc8, 0x01][..], 204));
        let repeated = Message::default().each([1, 2], |message, value| message.integer(8, value));
        assert_eq!(repeated.into_bytes(), [0x40, 1, 0x40, 2]);
    }
}
