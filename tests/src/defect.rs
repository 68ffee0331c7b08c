//! Defects of an Opportunity, each with the codes that it must cause.

use dealbridge_core::code::Code;

use crate::{
    folder::{Opportunity, Role, account},
    people::address,
};

/// A way in which an Opportunity does not meet the conditions for import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each says itself, and is spelt out in `apply`")]
pub enum Defect {
    SyncFlagOff,
    NoAccount,
    HiddenAccount,
    NoContact,
    NoPrimaryContact,
    HiddenPrimaryContact,
    TwoPrimaryContacts,
    OwnerTypeUnknown,
    NoPartner,
    PartnerNoAddress,
    PartnerTwins,
    PartnerContact,
    PartnerUnknown,
    PartnerOfOtherType,
    PartnerPending,
    PartnerInactive,
    PartnerDisabled,
    PartnerWithoutDeals,
    PartnerPendingWithoutDeals,
    NoDistributor,
    DistributorNoAddress,
    DistributorTwins,
    DistributorContact,
    DistributorUnknown,
    DistributorOfOtherType,
    DistributorPending,
    DistributorInactive,
    DistributorDisabled,
    DistributorWithoutDeals,
    NoStage,
    StageUnknown,
    NoProduct,
    ProductUnknown,
    SeatsInWords,
    ManyAtOnce,
}

use Defect::*;

impl Defect {
    /// All defects.
    pub const ALL: [Self; 35] = [
        SyncFlagOff,
        NoAccount,
        HiddenAccount,
        NoContact,
        NoPrimaryContact,
        HiddenPrimaryContact,
        TwoPrimaryContacts,
        OwnerTypeUnknown,
        NoPartner,
        PartnerNoAddress,
        PartnerTwins,
        PartnerContact,
        PartnerUnknown,
        PartnerOfOtherType,
        PartnerPending,
        PartnerInactive,
        PartnerDisabled,
        PartnerWithoutDeals,
        PartnerPendingWithoutDeals,
        NoDistributor,
        DistributorNoAddress,
        DistributorTwins,
        DistributorContact,
        DistributorUnknown,
        DistributorOfOtherType,
        DistributorPending,
        DistributorInactive,
        DistributorDisabled,
        DistributorWithoutDeals,
        NoStage,
        StageUnknown,
        NoProduct,
        ProductUnknown,
        SeatsInWords,
        ManyAtOnce,
    ];

    /// The codes that the defect causes.
    #[must_use]
    pub fn codes(self) -> &'static [Code] {
        match self {
            SyncFlagOff => &[Code::SyncFlagNotSet],
            NoAccount => &[Code::AccountMissing],
            HiddenAccount => &[Code::AccountNotAccessible],
            NoContact => &[Code::ContactMissing],
            NoPrimaryContact => &[Code::PrimaryContactMissing],
            HiddenPrimaryContact => &[Code::PrimaryContactNotAccessible],
            TwoPrimaryContacts => &[Code::MultiplePrimaryContacts],
            OwnerTypeUnknown => &[Code::DealOwnerTypeInvalid],
            NoPartner => &[Code::PartnerEmailMissing],
            PartnerNoAddress => &[Code::PartnerEmailInvalid],
            PartnerTwins => &[Code::PartnerEmailAmbiguous],
            PartnerContact => &[Code::PartnerEmailIsContact],
            PartnerUnknown => &[Code::PartnerUserNotFound],
            PartnerOfOtherType => &[Code::PartnerUserWrongType],
            PartnerPending => &[Code::PartnerUserPending],
            PartnerInactive => &[Code::PartnerUserInactive],
            PartnerDisabled => &[Code::PartnerUserDisabled],
            PartnerWithoutDeals => &[Code::PartnerNoDealAccess],
            PartnerPendingWithoutDeals => &[Code::PartnerUserPending, Code::PartnerNoDealAccess],
            NoDistributor => &[Code::DistributorEmailMissing],
            DistributorNoAddress => &[Code::DistributorEmailInvalid],
            DistributorTwins => &[Code::DistributorEmailAmbiguous],
            DistributorContact => &[Code::DistributorEmailIsContact],
            DistributorUnknown => &[Code::DistributorUserNotFound],
            DistributorOfOtherType => &[Code::DistributorUserWrongType],
            DistributorPending => &[Code::DistributorUserPending],
            DistributorInactive => &[Code::DistributorUserInactive],
            DistributorDisabled => &[Code::DistributorUserDisabled],
            DistributorWithoutDeals => &[Code::DistributorNoDealAccess],
            NoStage => &[Code::StageEmpty],
            StageUnknown | ProductUnknown => &[Code::PicklistValueUnknown],
            NoProduct => &[Code::RequiredFieldEmpty],
            SeatsInWords => &[Code::ValueTypeInvalid],
            ManyAtOnce => &[
                Code::SyncFlagNotSet,
                Code::AccountMissing,
                Code::ContactMissing,
                Code::PartnerUserNotFound,
                Code::DealOwnerTypeInvalid,
                Code::DistributorUserPending,
                Code::StageEmpty,
                Code::ValueTypeInvalid,
            ],
        }
    }

    /// The value that a message of the defect's first code must show; empty if the defect is a blank.
    #[must_use]
    pub fn value(self) -> String {
        let of = |column: &'static str| self.apply(&Opportunity::blank()).fields[column].clone();
        match self {
            HiddenAccount => of("AccountId"),
            OwnerTypeUnknown => of("Owner_Type__c"),
            StageUnknown => of("Stage__c"),
            ProductUnknown => of("Product__c"),
            SeatsInWords => of("Seats__c"),
            NoDistributor | NoPartner => String::new(),
            PartnerNoAddress
            | PartnerTwins
            | PartnerContact
            | PartnerUnknown
            | PartnerOfOtherType
            | PartnerPending
            | PartnerInactive
            | PartnerDisabled
            | PartnerWithoutDeals
            | PartnerPendingWithoutDeals => of("Partner__c"),
            DistributorNoAddress
            | DistributorTwins
            | DistributorContact
            | DistributorUnknown
            | DistributorOfOtherType
            | DistributorPending
            | DistributorInactive
            | DistributorDisabled
            | DistributorWithoutDeals => of("Distributor__c"),
            HiddenPrimaryContact => crate::folder::contact(3).to_string(),
            TwoPrimaryContacts | NoPrimaryContact => "2".to_owned(),
            _ => String::new(),
        }
    }

    /// The Opportunity with the defect.
    #[must_use]
    pub fn apply(self, opportunity: &Opportunity) -> Opportunity {
        let good = opportunity.clone();
        let roles = |roles: &[(usize, bool)]| {
            let roles: Vec<Role> = roles
                .iter()
                .map(|(contact, primary)| Role {
                    contact: *contact,
                    primary: *primary,
                })
                .collect();
            opportunity.clone().with_roles(&roles)
        };
        let partner = |state: &str| {
            opportunity
                .clone()
                .with("Partner__c", address("partner", state))
        };
        let distributor = |state: &str| {
            opportunity
                .clone()
                .with("Distributor__c", address("distributor", state))
        };
        match self {
            SyncFlagOff => good.with("Sync__c", "false"),
            NoAccount => good.with("AccountId", ""),
            HiddenAccount => good.with("AccountId", account(2).to_string()),
            NoContact => roles(&[]),
            NoPrimaryContact => roles(&[(1, false), (2, false)]),
            HiddenPrimaryContact => roles(&[(3, true)]),
            TwoPrimaryContacts => roles(&[(1, true), (2, true)]),
            OwnerTypeUnknown => good.with("Owner_Type__c", "Vendor-Owned"),
            NoPartner => good.with("Partner__c", ""),
            PartnerNoAddress => good.with("Partner__c", "ask Fred"),
            PartnerTwins => partner("twins"),
            PartnerContact => partner("contact"),
            PartnerUnknown => partner("nobody"),
            PartnerOfOtherType => good.with("Partner__c", address("distributor", "active")),
            PartnerPending => partner("pending"),
            PartnerInactive => partner("inactive"),
            PartnerDisabled => partner("disabled"),
            PartnerWithoutDeals => partner("without"),
            PartnerPendingWithoutDeals => partner("pending-without"),
            NoDistributor => good.with("Owner_Type__c", " distributor-OWNED "),
            DistributorNoAddress => good.with("Distributor__c", "@@"),
            DistributorTwins => distributor("twins"),
            DistributorContact => distributor("contact"),
            DistributorUnknown => distributor("nobody"),
            DistributorOfOtherType => good.with("Distributor__c", address("partner", "active")),
            DistributorPending => distributor("pending"),
            DistributorInactive => distributor("inactive"),
            DistributorDisabled => distributor("disabled"),
            DistributorWithoutDeals => distributor("without"),
            NoStage => good.with("Stage__c", ""),
            StageUnknown => good.with("Stage__c", "Daydreaming"),
            NoProduct => good.with("Product__c", ""),
            ProductUnknown => good.with("Product__c", "Deluxe"),
            SeatsInWords => good.with("Seats__c", "a dozen"),
            ManyAtOnce => [
                SyncFlagOff,
                NoAccount,
                NoContact,
                PartnerUnknown,
                OwnerTypeUnknown,
                DistributorPending,
                NoStage,
                SeatsInWords,
            ]
            .into_iter()
            .fold(good, |opportunity, defect| defect.apply(&opportunity)),
        }
    }
}
