//! The declaration of a function's environment.

/// Declares a function's environment: a struct whose fields are [`Setting`](crate::environment::Setting)s. `LOG_LEVEL` is read by every function.
#[macro_export]
macro_rules! environment {
    ($(#[$attribute:meta])* pub struct $name:ident { $($(#[doc = $doc:literal])+ $field:ident: $setting:ty,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug)]
        pub struct $name { $($(#[doc = $doc])+ pub $field: $setting),+ }

        impl $crate::environment::Environment for $name {
            fn variables() -> Vec<&'static str> {
                let settings: &[&[&'static str]] = &[
                    <$crate::environment::LogLevel as $crate::environment::Setting>::VARIABLES,
                    $(<$setting as $crate::environment::Setting>::VARIABLES),+
                ];
                settings.concat()
            }

            fn read(
                variables: &$crate::environment::Variables,
            ) -> Result<Self, $crate::environment::InvalidVariable> {
                Ok(Self {
                    $($field: <$setting as $crate::environment::Setting>::read(variables)?),+
                })
            }
        }
    };
}
