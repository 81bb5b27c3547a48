; ModuleID = '__compute_module_add_bitcast_fusion_kernel_module'
source_filename = "__compute_module_add_bitcast_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @add_bitcast_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
  %2 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %3 = load ptr, ptr %2, align 8, !invariant.load !3
  %4 = load ptr, ptr %3, align 8, !invariant.load !3, !dereferenceable !4
  %5 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %6 = load ptr, ptr %5, align 8, !invariant.load !3, !dereferenceable !5
  %7 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %8 = load ptr, ptr %7, align 8, !invariant.load !3, !dereferenceable !6
  %9 = getelementptr inbounds nuw i8, ptr %3, i64 48
  %10 = load ptr, ptr %9, align 8, !invariant.load !3, !dereferenceable !4
  tail call void @llvm.experimental.noalias.scope.decl(metadata !7)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !10)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !12)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !14)
  br label %11

11:                                               ; preds = %100, %1
  %12 = phi i64 [ 0, %1 ], [ %104, %100 ]
  %13 = lshr i64 %12, 4
  %14 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %12
  %15 = load float, ptr %14, align 4, !invariant.load !3, !alias.scope !7, !noalias !16
  %.not = icmp eq i64 %13, 0
  br i1 %.not, label %31, label %16

16:                                               ; preds = %11
  %17 = add nsw i64 %12, -16
  %18 = icmp samesign ult i64 %12, 16
  %19 = sub nsw i64 15, %12
  %20 = select i1 %18, i64 %19, i64 %17
  %.lhs.trunc = trunc nsw i64 %20 to i16
  %21 = sdiv i16 %.lhs.trunc, 256
  %.sext = sext i16 %21 to i64
  %.lobit = ashr i64 %17, 63
  %22 = xor i64 %.lobit, %.sext
  %23 = add nuw nsw i64 %13, 15
  %24 = and i64 %23, 15
  %.idx = shl nsw i64 %22, 6
  %25 = getelementptr i8, ptr %6, i64 %.idx
  %26 = getelementptr [4 x i8], ptr %25, i64 %24
  %27 = load float, ptr %26, align 4, !invariant.load !3, !alias.scope !10, !noalias !17
  %28 = getelementptr inbounds [4 x i8], ptr %8, i64 %22
  %29 = load float, ptr %28, align 4, !invariant.load !3, !alias.scope !12, !noalias !18
  %30 = fadd float %27, %29
  br label %31

31:                                               ; preds = %11, %16
  %32 = phi float [ %30, %16 ], [ 0.000000e+00, %11 ]
  %33 = fadd float %15, %32
  %34 = getelementptr inbounds nuw [4 x i8], ptr %10, i64 %12
  store float %33, ptr %34, align 4, !alias.scope !14, !noalias !19
  %35 = or disjoint i64 %12, 1
  %36 = lshr i64 %12, 4
  %37 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %35
  %38 = load float, ptr %37, align 4, !invariant.load !3, !alias.scope !7, !noalias !16
  %.not.1 = icmp eq i64 %36, 0
  br i1 %.not.1, label %54, label %39

39:                                               ; preds = %31
  %40 = add nsw i64 %12, -15
  %41 = icmp samesign ult i64 %12, 16
  %42 = sub nsw i64 14, %12
  %43 = select i1 %41, i64 %42, i64 %40
  %.lhs.trunc.1 = trunc nsw i64 %43 to i16
  %44 = sdiv i16 %.lhs.trunc.1, 256
  %.sext.1 = sext i16 %44 to i64
  %.lobit.1 = ashr i64 %40, 63
  %45 = xor i64 %.lobit.1, %.sext.1
  %46 = add nuw nsw i64 %36, 15
  %47 = and i64 %46, 15
  %.idx.1 = shl nsw i64 %45, 6
  %48 = getelementptr i8, ptr %6, i64 %.idx.1
  %49 = getelementptr [4 x i8], ptr %48, i64 %47
  %50 = load float, ptr %49, align 4, !invariant.load !3, !alias.scope !10, !noalias !17
  %51 = getelementptr inbounds [4 x i8], ptr %8, i64 %45
  %52 = load float, ptr %51, align 4, !invariant.load !3, !alias.scope !12, !noalias !18
  %53 = fadd float %50, %52
  br label %54

54:                                               ; preds = %39, %31
  %55 = phi float [ %53, %39 ], [ 0.000000e+00, %31 ]
  %56 = fadd float %38, %55
  %57 = getelementptr inbounds nuw [4 x i8], ptr %10, i64 %35
  store float %56, ptr %57, align 4, !alias.scope !14, !noalias !19
  %58 = or disjoint i64 %12, 2
  %59 = lshr i64 %12, 4
  %60 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %58
  %61 = load float, ptr %60, align 4, !invariant.load !3, !alias.scope !7, !noalias !16
  %.not.2 = icmp eq i64 %59, 0
  br i1 %.not.2, label %77, label %62

62:                                               ; preds = %54
  %63 = add nsw i64 %12, -14
  %64 = icmp samesign ult i64 %12, 16
  %65 = sub nsw i64 13, %12
  %66 = select i1 %64, i64 %65, i64 %63
  %.lhs.trunc.2 = trunc nsw i64 %66 to i16
  %67 = sdiv i16 %.lhs.trunc.2, 256
  %.sext.2 = sext i16 %67 to i64
  %.lobit.2 = ashr i64 %63, 63
  %68 = xor i64 %.lobit.2, %.sext.2
  %69 = add nuw nsw i64 %59, 15
  %70 = and i64 %69, 15
  %.idx.2 = shl nsw i64 %68, 6
  %71 = getelementptr i8, ptr %6, i64 %.idx.2
  %72 = getelementptr [4 x i8], ptr %71, i64 %70
  %73 = load float, ptr %72, align 4, !invariant.load !3, !alias.scope !10, !noalias !17
  %74 = getelementptr inbounds [4 x i8], ptr %8, i64 %68
  %75 = load float, ptr %74, align 4, !invariant.load !3, !alias.scope !12, !noalias !18
  %76 = fadd float %73, %75
  br label %77

77:                                               ; preds = %62, %54
  %78 = phi float [ %76, %62 ], [ 0.000000e+00, %54 ]
  %79 = fadd float %61, %78
  %80 = getelementptr inbounds nuw [4 x i8], ptr %10, i64 %58
  store float %79, ptr %80, align 4, !alias.scope !14, !noalias !19
  %81 = or disjoint i64 %12, 3
  %82 = lshr i64 %12, 4
  %83 = getelementptr inbounds nuw [4 x i8], ptr %4, i64 %81
  %84 = load float, ptr %83, align 4, !invariant.load !3, !alias.scope !7, !noalias !16
  %.not.3 = icmp eq i64 %82, 0
  br i1 %.not.3, label %100, label %85

85:                                               ; preds = %77
  %86 = add nsw i64 %12, -13
  %87 = icmp samesign ult i64 %12, 16
  %88 = sub nsw i64 12, %12
  %89 = select i1 %87, i64 %88, i64 %86
  %.lhs.trunc.3 = trunc nsw i64 %89 to i16
  %90 = sdiv i16 %.lhs.trunc.3, 256
  %.sext.3 = sext i16 %90 to i64
  %.lobit.3 = ashr i64 %86, 63
  %91 = xor i64 %.lobit.3, %.sext.3
  %92 = add nuw nsw i64 %82, 15
  %93 = and i64 %92, 15
  %.idx.3 = shl nsw i64 %91, 6
  %94 = getelementptr i8, ptr %6, i64 %.idx.3
  %95 = getelementptr [4 x i8], ptr %94, i64 %93
  %96 = load float, ptr %95, align 4, !invariant.load !3, !alias.scope !10, !noalias !17
  %97 = getelementptr inbounds [4 x i8], ptr %8, i64 %91
  %98 = load float, ptr %97, align 4, !invariant.load !3, !alias.scope !12, !noalias !18
  %99 = fadd float %96, %98
  br label %100

100:                                              ; preds = %85, %77
  %101 = phi float [ %99, %85 ], [ 0.000000e+00, %77 ]
  %102 = fadd float %84, %101
  %103 = getelementptr inbounds nuw [4 x i8], ptr %10, i64 %81
  store float %102, ptr %103, align 4, !alias.scope !14, !noalias !19
  %104 = add nuw nsw i64 %12, 4
  %exitcond.not.3 = icmp eq i64 %104, 1024
  br i1 %exitcond.not.3, label %add_bitcast_fusion_wrapped.exit, label %11

add_bitcast_fusion_wrapped.exit:                  ; preds = %100
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 4096}
!5 = !{i64 256}
!6 = !{i64 20}
!7 = !{!8}
!8 = distinct !{!8, !9, !"add_bitcast_fusion_wrapped: argument 0"}
!9 = distinct !{!9, !"add_bitcast_fusion_wrapped"}
!10 = !{!11}
!11 = distinct !{!11, !9, !"add_bitcast_fusion_wrapped: argument 1"}
!12 = !{!13}
!13 = distinct !{!13, !9, !"add_bitcast_fusion_wrapped: argument 2"}
!14 = !{!15}
!15 = distinct !{!15, !9, !"add_bitcast_fusion_wrapped: argument 3"}
!16 = !{!11, !13, !15}
!17 = !{!8, !13, !15}
!18 = !{!8, !11, !15}
!19 = !{!8, !11, !13}
