//! The macro that declares a typed header: fields, names and defaults in one place.

/// Declares headers. `name: Type = "wireName"` is needed unless the type is an `Option`; `or value` gives a default.
macro_rules! headers {
    ($(
        $(#[doc = $doc:literal])+
        $type:ident {
            $($(#[doc = $field_doc:literal])+ $field:ident: $kind:ty = $name:literal $(or $default:expr)?;)*
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type {
            $($(#[doc = $field_doc])+ pub $field: $kind,)*
        }

        impl $crate::header::FromFields for $type {
            fn from_view(
                view: $crate::header::FieldView<'_>,
            ) -> Result<Self, $crate::header::FieldError> {
                Ok(Self {
                    $($field: $crate::request::macros::headers!(@read view, $kind, $name $(, $default)?),)*
                })
            }
        }

        impl $crate::command::ToFields for $type {
            fn to_fields(&self, fields: &mut $crate::command::ExtFields) {
                $(if let Some(value) = $crate::header::FieldValue::write(&self.$field) {
                    fields.push($name, value);
                })*
            }
        }
    )+};
    (@read $view:ident, $kind:ty, $name:literal) => {
        $crate::header::read_field::<$kind>($view, $name)?
    };
    (@read $view:ident, $kind:ty, $name:literal, $default:expr) => {
        $crate::header::read_field::<Option<$kind>>($view, $name)?.unwrap_or($default)
    };
}

pub(super) use headers;
